package pipeline

import jetbrains.buildServer.configs.kotlin.BuildStep
import jetbrains.buildServer.configs.kotlin.BuildType
import jetbrains.buildServer.configs.kotlin.buildFeatures.sshAgent
import jetbrains.buildServer.configs.kotlin.triggers.ScheduleTrigger
import jetbrains.buildServer.configs.kotlin.triggers.schedule

private const val REPORT = "%system.teamcity.build.tempDir%/template-update.md"

/**
 * Brings the newest release of the template in, each week: as a pull request that says what changed and
 * what to do. With conflicts, or if a check or test fails, it is a draft, and this build fails, which the
 * team is told. Without GitHub it fails if an update is due.
 */
fun templateUpdate(service: Service) = BuildType {
    id("TemplateUpdate")
    name = "Update from the template"
    description = "A pull request with the newest release of the template"
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
    } else {
        artifactRules = REPORT
        needs(service, "gh")
        params {
            gitHub(service)
        }
        steps {
            install()
            tasks(service, "Update, check, test", "template.update --no-input >$REPORT")
            tasks(
                service,
                "Pull request",
                "pull-request.open --branch=template-update " +
                    "--title='Update from the template' --body-file=$REPORT",
            ) {
                executionMode = BuildStep.ExecutionMode.RUN_ON_FAILURE
            }
        }
    }
    triggers {
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
}
