package pipeline

import jetbrains.buildServer.configs.kotlin.BuildType
import jetbrains.buildServer.configs.kotlin.BuildTypeSettings
import jetbrains.buildServer.configs.kotlin.FailureAction
import jetbrains.buildServer.configs.kotlin.buildFeatures.PullRequests
import jetbrains.buildServer.configs.kotlin.buildFeatures.commitStatusPublisher
import jetbrains.buildServer.configs.kotlin.buildFeatures.pullRequests
import jetbrains.buildServer.configs.kotlin.triggers.vcs

/** The one build that says whether a change may be merged: it sums up the others. */
fun verified(parts: List<BuildType>) = BuildType {
    id("Verified")
    name = "Verified"
    description = "Whether a change may be merged: the one check that is required"
    type = BuildTypeSettings.Type.COMPOSITE
    ofTemplate(minutes = 120)
    vcs {
        showDependenciesChanges = true
    }
    features {
        pullRequests {
            provider = github {
                authType = vcsRoot()
                filterAuthorRole = PullRequests.GitHubRoleFilter.MEMBER
            }
        }
        commitStatusPublisher {
            publisher = github {
                githubUrl = "https://api.github.com"
                authType = vcsRoot()
            }
        }
    }
    triggers {
        vcs {
            branchFilter = "+:*"
        }
    }
    dependencies {
        for (part in parts) {
            snapshot(part) {
                onDependencyFailure = FailureAction.FAIL_TO_START
                onDependencyCancel = FailureAction.CANCEL
            }
        }
    }
}
