package pipeline

import jetbrains.buildServer.configs.kotlin.BuildType
import jetbrains.buildServer.configs.kotlin.BuildTypeSettings
import jetbrains.buildServer.configs.kotlin.FailureAction
import jetbrains.buildServer.configs.kotlin.buildSteps.script
import jetbrains.buildServer.configs.kotlin.triggers.vcs

private const val NOTES = "%system.teamcity.build.tempDir%/notes.md"

/**
 * A tag becomes a release of template, chassis and tools, with what CHANGELOG.md says of it and how the gate's
 * updates ended. The VCS root has +:refs/tags/(v*).
 */
fun release(verified: BuildType, gate: BuildType) = BuildType {
    id("Release")
    name = "Release"
    type = BuildTypeSettings.Type.DEPLOYMENT
    maxRunningBuilds = 1
    ofTemplate(minutes = 60)
    vcs {
        branchFilter = "+:v*"
    }
    params {
        // A parameter of the type password, of a project above this one.
        password("env.GH_TOKEN", "%github.token%")
        param("env.TAG", "%teamcity.build.branch%")
        // Where the packages are uploaded to; empty where services carry them in vendor/.
        param("env.PACKAGE_INDEX", "")
        password("env.UV_PUBLISH_USERNAME", "%package.index.username%")
        password("env.UV_PUBLISH_PASSWORD", "%package.index.password%")
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
            branchFilter = "+:v*"
        }
    }
    dependencies {
        snapshot(verified) {
            onDependencyFailure = FailureAction.FAIL_TO_START
            onDependencyCancel = FailureAction.CANCEL
        }
        artifacts(gate) {
            buildRule = sameChainOrLastFinished()
            artifactRules = "** => .cache/gate"
            cleanDestination = true
        }
    }
}
