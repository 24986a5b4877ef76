package pipeline

import jetbrains.buildServer.configs.kotlin.BuildType
import jetbrains.buildServer.configs.kotlin.BuildTypeSettings
import jetbrains.buildServer.configs.kotlin.DslContext
import jetbrains.buildServer.configs.kotlin.FailureAction
import jetbrains.buildServer.configs.kotlin.FailureConditions
import jetbrains.buildServer.configs.kotlin.failureConditions.BuildFailureOnMetric
import jetbrains.buildServer.configs.kotlin.failureConditions.failOnMetricChange

const val DEFAULT_BRANCH = "+:<default>"

/** What all builds have: the service's code, an end in time, and somebody who hears of a failure. */
fun BuildType.ofService(service: Service, minutes: Int) {
    vcs {
        root(DslContext.settingsRoot)
    }
    failureConditions {
        executionTimeoutMin = minutes
    }
    features {
        slack(service)
    }
}

/** For what changes a stage: from the default branch only, one at a time, never from a developer's change. */
fun BuildType.changes(stage: Stage) {
    type = BuildTypeSettings.Type.DEPLOYMENT
    maxRunningBuilds = 1
    enablePersonalBuilds = false
    vcs {
        branchFilter = DEFAULT_BRANCH
    }
    params {
        param("stage", stage.name)
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
