package pipeline

import jetbrains.buildServer.configs.kotlin.BuildType
import jetbrains.buildServer.configs.kotlin.BuildTypeSettings
import jetbrains.buildServer.configs.kotlin.DslContext
import jetbrains.buildServer.configs.kotlin.FailureAction
import jetbrains.buildServer.configs.kotlin.buildSteps.script
import jetbrains.buildServer.configs.kotlin.matrix
import jetbrains.buildServer.configs.kotlin.triggers.vcs

private const val NOTES = "%system.teamcity.build.tempDir%/notes.md"

private const val TAGS = "+:v*"

/** All tiers for the commit of a tag, also those that nothing since main would ask for. */
fun releaseTests(tiers: List<String>) = BuildType {
    id("ReleaseTests")
    name = "Tests of a release"
    ofTemplate(minutes = 90)
    vcs {
        branchFilter = TAGS
    }
    params {
        param("tier", tiers.first())
    }
    features {
        matrix {
            param("tier", tiers.map { value(it) })
        }
    }
    steps {
        script {
            name = "Whether the tag is on main"
            scriptContent = "git merge-base --is-ancestor HEAD origin/main"
        }
        script {
            name = "Tests of this tier"
            scriptContent = ".ci/run %tier%"
        }
    }
}

/**
 * A tag becomes a release of template, chassis and tools, with what CHANGELOG.md says of it and how the gate's
 * updates ended. The VCS root has +:refs/tags/(v*). What is this server's own are its context parameters.
 */
fun release(tests: BuildType, gate: BuildType) = BuildType {
    id("Release")
    name = "Release"
    type = BuildTypeSettings.Type.DEPLOYMENT
    maxRunningBuilds = 1
    enablePersonalBuilds = false
    ofTemplate(minutes = 60)
    tellsSomebody()
    vcs {
        branchFilter = TAGS
    }
    requirements {
        exists("tool.gh")
    }
    params {
        password("env.GH_TOKEN", DslContext.getParameter("gitHubToken", ""))
        param("env.TAG", "%teamcity.build.branch%")
        // Where the packages are uploaded to; empty where services carry them in vendor/.
        param("env.PACKAGE_INDEX", DslContext.getParameter("packageIndex", ""))
        param("env.UV_PUBLISH_USERNAME", DslContext.getParameter("packageIndexUser", ""))
        password("env.UV_PUBLISH_PASSWORD", DslContext.getParameter("packageIndexPassword", ""))
    }
    steps {
        script {
            name = "Packages for the internal index"
            scriptContent = """./invoke publish --index="${'$'}PACKAGE_INDEX" --tag="${'$'}TAG""""
            conditions {
                doesNotEqual("env.PACKAGE_INDEX", "")
            }
        }
        script {
            name = "What has changed"
            scriptContent = """./invoke changelog --tag="${'$'}TAG" --conflicts >$NOTES"""
        }
        script {
            name = "Release"
            scriptContent = """gh release create "${'$'}TAG" --verify-tag --notes-file="$NOTES""""
        }
    }
    triggers {
        vcs {
            branchFilter = TAGS
        }
    }
    dependencies {
        for (part in listOf(tests, gate)) {
            snapshot(part) {
                onDependencyFailure = FailureAction.FAIL_TO_START
                onDependencyCancel = FailureAction.CANCEL
            }
        }
        artifacts(gate) {
            buildRule = sameChain()
            artifactRules = "** => .cache/gate"
            cleanDestination = true
        }
    }
}
