package pipeline

import jetbrains.buildServer.configs.kotlin.BuildType
import jetbrains.buildServer.configs.kotlin.BuildTypeSettings
import jetbrains.buildServer.configs.kotlin.DslContext
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
    tellsSomebody()
    // Needed if the VCS root has an SSH key; a build that runs no code has it.
    val gitHubToken = DslContext.getParameter("gitHubToken", "")
    vcs {
        showDependenciesChanges = true
    }
    features {
        pullRequests {
            provider = github {
                authType = if (gitHubToken.isEmpty()) vcsRoot() else token { token = gitHubToken }
                filterAuthorRole = PullRequests.GitHubRoleFilter.MEMBER
            }
        }
        commitStatusPublisher {
            publisher = github {
                githubUrl = "https://api.github.com"
                authType = if (gitHubToken.isEmpty()) vcsRoot() else personalToken { token = gitHubToken }
            }
        }
    }
    triggers {
        vcs {
            // Renovate's account may be no member of the organisation, whose pull requests are built.
            branchFilter = "+:<default>\n+:pull/*\n+:renovate/*"
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
