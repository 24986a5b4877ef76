package pipeline

import jetbrains.buildServer.configs.kotlin.BuildStep
import jetbrains.buildServer.configs.kotlin.BuildType
import jetbrains.buildServer.configs.kotlin.FailureAction
import jetbrains.buildServer.configs.kotlin.buildFeatures.sshAgent
import jetbrains.buildServer.configs.kotlin.triggers.ScheduleTrigger
import jetbrains.buildServer.configs.kotlin.triggers.schedule

private const val REPORT = "template-update.md"
private const val BUNDLE = "template-update.bundle"

private const val TEMPORARY = "%system.teamcity.build.tempDir%"

private const val ABOUT = "--branch=template-update --title='Update from the template'"

/**
 * Brings the newest release of the template in, each week. With conflicts, or if a check or test fails, this
 * build fails, which the team is told. Without GitHub it fails if an update is due.
 *
 * It runs the code of the update, and has no token that may push: the next build opens the pull request.
 */
fun templateUpdate(service: Service) = BuildType {
    id("TemplateUpdate")
    name = "Update from the template"
    description = "The newest release of the template, merged, checked and tested"
    ofService(service, minutes = 60)
    vcs {
        branchFilter = DEFAULT_BRANCH
    }
    enablePersonalBuilds = false
    if (service.templateToken.isNotEmpty()) {
        params {
            password("env.TEMPLATE_TOKEN", service.templateToken)
            param("env.TEMPLATE_USER", service.templateUser)
        }
    }
    if (service.templateSshKey.isNotEmpty()) {
        features {
            sshAgent {
                teamcitySshKey = service.templateSshKey
            }
        }
    }
    if (service.gitHubUrl.isEmpty()) {
        steps {
            install()
            tasks(service, "Whether an update is due", "template.update --check")
        }
        eachWeek()
    } else {
        artifactRules = "$TEMPORARY/$REPORT\n$TEMPORARY/$BUNDLE"
        steps {
            install()
            tasks(service, "Update, check, test", "template.update --no-input >$TEMPORARY/$REPORT")
            tasks(
                service,
                "Commit",
                "pull-request.commit $ABOUT --body-file=$TEMPORARY/$REPORT --bundle=$TEMPORARY/$BUNDLE",
            ) {
                executionMode = BuildStep.ExecutionMode.RUN_ON_FAILURE
            }
        }
    }
}

/**
 * Opens the pull request of the update, which says what changed and what to do; with conflicts, or if a check
 * or test has failed, as a draft. It has the token, and runs nothing of the update.
 */
fun templateUpdateRequest(service: Service, update: BuildType) = BuildType {
    id("TemplateUpdateRequest")
    name = "Pull request of the update"
    description = "A pull request with the newest release of the template"
    ofService(service, minutes = 15)
    needs(service, "gh")
    vcs {
        branchFilter = DEFAULT_BRANCH
    }
    enablePersonalBuilds = false
    params {
        gitHub(service)
    }
    steps {
        install()
        tasks(
            service,
            "Pull request",
            "pull-request.open $ABOUT --body-file=$REPORT --bundle=$BUNDLE",
        )
    }
    dependencies {
        snapshot(update) {
            // A failed update is proposed, too; its own build tells the team.
            onDependencyFailure = FailureAction.IGNORE
            onDependencyCancel = FailureAction.CANCEL
        }
        artifacts(update) {
            buildRule = sameChain()
            artifactRules = "template-update.*"
            cleanDestination = false
        }
    }
    eachWeek()
}

private fun BuildType.eachWeek() = triggers {
    schedule {
        schedulingPolicy = weekly {
            dayOfWeek = ScheduleTrigger.DAY.Monday
            hour = 5
        }
        branchFilter = DEFAULT_BRANCH
        triggerBuild = always()
        withPendingChangesOnly = false
    }
}
