package pipeline

import jetbrains.buildServer.configs.kotlin.BuildFeatures
import jetbrains.buildServer.configs.kotlin.ProjectFeatures
import jetbrains.buildServer.configs.kotlin.buildFeatures.DockerSupportFeature
import jetbrains.buildServer.configs.kotlin.buildFeatures.Notifications
import jetbrains.buildServer.configs.kotlin.buildFeatures.approval
import jetbrains.buildServer.configs.kotlin.buildFeatures.commitStatusPublisher
import jetbrains.buildServer.configs.kotlin.buildFeatures.notifications
import jetbrains.buildServer.configs.kotlin.buildFeatures.pullRequests
import jetbrains.buildServer.configs.kotlin.projectFeatures.UntrustedBuildsSettings
import jetbrains.buildServer.configs.kotlin.projectFeatures.dockerRegistry
import jetbrains.buildServer.configs.kotlin.projectFeatures.untrustedBuildsSettings

private const val DAY_MINUTES = 24 * 60

/** Builds pull requests, and shows on GitHub how that went. */
fun BuildFeatures.gitHub(service: Service) {
    if (service.gitHubUrl.isEmpty()) return
    pullRequests {
        provider = github {
            authType = if (service.gitHubToken.isEmpty()) vcsRoot() else token { token = service.gitHubToken }
            filterAuthorRole = service.pullRequestAuthors
        }
    }
    commitStatusPublisher {
        publisher = github {
            githubUrl = service.gitHubUrl
            authType =
                if (service.gitHubToken.isEmpty()) vcsRoot() else personalToken { token = service.gitHubToken }
        }
    }
}

/** Lets no build of an outsider's pull request start before somebody has looked at the change. */
fun ProjectFeatures.untrustedBuilds(service: Service) {
    untrustedBuildsSettings {
        id = "UntrustedBuilds"
        defaultAction = UntrustedBuildsSettings.DefaultAction.APPROVE
        approvalRules = service.pullRequestApprovers
        timeoutMinutes = DAY_MINUTES
        enableLog = true
    }
}

/** A login that the builds of a project can use. */
fun ProjectFeatures.connection(login: Login?, connection: String) {
    if (login == null) return
    dockerRegistry {
        id = connection
        name = "Registry of images"
        url = login.url
        userName = login.userName
        password = login.password
    }
}

/** Logs in to the registry for the time of the build. */
fun BuildFeatures.registry(login: Login?, connection: String) {
    if (login == null) return
    // By its class: the function has had two names from 2024.12 to 2025.11.
    feature(DockerSupportFeature {
        loginToRegistry = on {
            dockerRegistryId = connection
        }
    })
}

/** Tells the team when a branch that is deployed breaks, and when it is whole again. */
fun BuildFeatures.tellsTheTeam(service: Service) = tells(service) {
    buildFailedToStart = true
    firstFailureAfterSuccess = true
    buildFailed = true
    firstSuccessAfterFailure = true
}

/** Waits until somebody has agreed, for a day from when the build is asked for, and says so. */
fun BuildFeatures.agreement(service: Service) {
    approval {
        approvalRules = service.approvers
        timeout = DAY_MINUTES
        // Whoever asks for it is asked as well.
        manualRunsApproved = false
    }
    tells(service) {
        queuedBuildRequiresApproval = true
    }
}

/** Sends to Slack and to the team's address. */
private fun BuildFeatures.tells(service: Service, what: Notifications.() -> Unit) {
    if (service.slackChannel.isNotEmpty()) notifications {
        notifierSettings = slackNotifier {
            connection = service.slackConnection
            sendTo = service.slackChannel
            messageFormat = simpleMessageFormat()
        }
        branchFilter = "$DEPLOYED_BRANCHES\n$TAGS"
        what()
    }
    if (service.email.isNotEmpty()) notifications {
        notifierSettings = emailNotifier {
            email = service.email
        }
        branchFilter = "$DEPLOYED_BRANCHES\n$TAGS"
        what()
    }
}
