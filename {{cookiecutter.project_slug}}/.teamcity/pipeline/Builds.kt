package pipeline

import jetbrains.buildServer.configs.kotlin.BuildSteps
import jetbrains.buildServer.configs.kotlin.BuildType
import jetbrains.buildServer.configs.kotlin.DslContext
import jetbrains.buildServer.configs.kotlin.FailureAction
import jetbrains.buildServer.configs.kotlin.FailureConditions
import jetbrains.buildServer.configs.kotlin.ParametrizedWithType
import jetbrains.buildServer.configs.kotlin.buildSteps.ScriptBuildStep
import jetbrains.buildServer.configs.kotlin.buildSteps.script
import jetbrains.buildServer.configs.kotlin.failureConditions.BuildFailureOnMetric
import jetbrains.buildServer.configs.kotlin.failureConditions.failOnMetricChange

const val DEFAULT_BRANCH = "+:<default>"

/** Whose versions are deployed. Rules of the repository protect them: their code can read a stage's secrets. */
const val DEPLOYED_BRANCHES = "$DEFAULT_BRANCH\n+:hotfix/*"

/** Which are released, and protected likewise; the branch specification keeps branches from being called so. */
const val TAGS = "+:tags/v*"

/** What all builds have: the service's code, an end in time, and somebody who hears of a failure. */
fun BuildType.ofService(service: Service, minutes: Int) {
    vcs {
        root(DslContext.settingsRoot)
    }
    failureConditions {
        executionTimeoutMin = minutes
    }
    features {
        tellsTheTeam(service)
    }
}

/** A link of the chain: on the same revision, and not where a build before has failed. */
fun BuildType.after(builds: List<BuildType>): BuildType {
    dependencies {
        for (build in builds) {
            snapshot(build) {
                onDependencyFailure = FailureAction.FAIL_TO_START
                onDependencyCancel = FailureAction.CANCEL
            }
        }
    }
    return this
}

fun BuildType.needsDocker() {
    requirements {
        exists("docker.server.version")
    }
}

/** Runs on agents that say that they have a program; TeamCity finds out about Docker only. */
fun BuildType.needs(service: Service, program: String) {
    if (service.agentTools.isEmpty()) return
    requirements {
        exists("${service.agentTools}$program")
    }
}

/** Signs and verifies images, if the service does so. */
fun BuildType.needsCosign(service: Service) {
    if (service.signingKey != null) needs(service, "cosign")
}

/** The token for gh; without one, gh is logged in on the agent. */
fun ParametrizedWithType.gitHub(service: Service) {
    if (service.gitHubToken.isNotEmpty()) password("env.GH_TOKEN", service.gitHubToken)
}

/** Fails a build where a number has dropped since the last one that succeeded. */
fun FailureConditions.failsWhereDropped(what: BuildFailureOnMetric.MetricType, percents: Int) {
    failOnMetricChange {
        metric = what
        threshold = percents
        units = BuildFailureOnMetric.MetricUnit.PERCENTS
        comparison = BuildFailureOnMetric.MetricComparison.LESS
        compareTo = build {
            buildRule = lastSuccessful()
        }
    }
}

// Each step is a command that a developer can type, and no more than that.

/** Makes .venv; quick where an agent has it from an earlier build. */
fun BuildSteps.install() = command("Install", "./bootstrap")

/** Runs some of the service's tasks. */
fun BuildSteps.tasks(
    service: Service,
    what: String,
    words: String,
    init: ScriptBuildStep.() -> Unit = {},
) = command(what, "${service.command} $words", init)

fun BuildSteps.command(what: String, line: String, init: ScriptBuildStep.() -> Unit = {}) = script {
    name = what
    scriptContent = line
    init()
}
