package pipeline

import jetbrains.buildServer.configs.kotlin.BuildFeatures
import jetbrains.buildServer.configs.kotlin.buildFeatures.DockerSupportFeature
import jetbrains.buildServer.configs.kotlin.buildFeatures.PullRequests
import jetbrains.buildServer.configs.kotlin.buildFeatures.approval
import jetbrains.buildServer.configs.kotlin.buildFeatures.commitStatusPublisher
import jetbrains.buildServer.configs.kotlin.buildFeatures.notifications
import jetbrains.buildServer.configs.kotlin.buildFeatures.pullRequests

/** Builds the pull requests of those who may push, and shows on GitHub how that went. */
fun BuildFeatures.gitHub(service: Service) {
    if (service.gitHubUrl.isEmpty()) return
    pullRequests {
        provider = github {
            authType = vcsRoot()
            filterAuthorRole = PullRequests.GitHubRoleFilter.MEMBER
        }
    }
    commitStatusPublisher {
        publisher = github {
            githubUrl = service.gitHubUrl
            authType = vcsRoot()
        }
    }
}

/** Logs in to the registry for the time of the build. */
fun BuildFeatures.registry(service: Service) {
    if (service.registryConnection.isEmpty()) return
    // By its class: the function has had two names from 2024.12 to 2025.11.
    feature(DockerSupportFeature {
        loginToRegistry = on {
            dockerRegistryId = service.registryConnection
        }
    })
}

/** Tells the team when the default branch breaks, and when it is whole again. */
fun BuildFeatures.slack(service: Service) {
    if (service.slackChannel.isEmpty()) return
    notifications {
        notifierSettings = slackNotifier {
            connection = service.slackConnection
            sendTo = service.slackChannel
            messageFormat = simpleMessageFormat()
        }
        branchFilter = DEFAULT_BRANCH
        buildFailedToStart = true
        firstFailureAfterSuccess = true
        buildFailed = true
        firstSuccessAfterFailure = true
    }
}

/** Waits, for a day at most, until somebody has agreed. */
fun BuildFeatures.agreement(service: Service) {
    approval {
        approvalRules = service.approvers
        timeout = 24 * 60
    }
}
