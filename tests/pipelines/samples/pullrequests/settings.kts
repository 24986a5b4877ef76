// Pull requests of everybody, whose builds wait until a maintainer has looked at them.
import jetbrains.buildServer.configs.kotlin.*
import jetbrains.buildServer.configs.kotlin.buildFeatures.PullRequests
import jetbrains.buildServer.configs.kotlin.buildFeatures.commitStatusPublisher
import jetbrains.buildServer.configs.kotlin.buildFeatures.pullRequests
import jetbrains.buildServer.configs.kotlin.buildSteps.script
import jetbrains.buildServer.configs.kotlin.failureConditions.BuildFailureOnMetric
import jetbrains.buildServer.configs.kotlin.failureConditions.failOnMetricChange
import jetbrains.buildServer.configs.kotlin.projectFeatures.UntrustedBuildsSettings
import jetbrains.buildServer.configs.kotlin.projectFeatures.untrustedBuildsSettings
import jetbrains.buildServer.configs.kotlin.triggers.vcs

version = "2026.1"

project {
    features {
        untrustedBuildsSettings {
            id = "UNTRUSTED"
            defaultAction = UntrustedBuildsSettings.DefaultAction.APPROVE
            approvalRules = "(groups:MAINTAINERS):1"
            manualRunsApproved = true
            enableLog = true
            timeoutMinutes = 60
        }
    }
    buildType {
        id = AbsoluteId("Whole_Build")
        name = "Build"
        vcs {
            root(DslContext.settingsRoot)
        }
        steps {
            script {
                scriptContent = "make"
            }
        }
        features {
            pullRequests {
                vcsRootExtId = "${DslContext.settingsRoot.id}"
                provider = github {
                    authType = token {
                        token = "credentialsJSON:00000000-0000-0000-0000-000000000000"
                    }
                    filterAuthorRole = PullRequests.GitHubRoleFilter.EVERYBODY
                    ignoreDrafts = true
                }
            }
            commitStatusPublisher {
                vcsRootExtId = DslContext.settingsRootId.toString()
                publisher = github {
                    githubUrl = "https://api.github.com"
                    authType = personalToken {
                        token = "credentialsJSON:00000000-0000-0000-0000-000000000000"
                    }
                }
            }
        }
        failureConditions {
            failOnMetricChange {
                enabled = true
                metric = BuildFailureOnMetric.MetricType.TEST_COUNT
                threshold = 10
                units = BuildFailureOnMetric.MetricUnit.PERCENTS
                comparison = BuildFailureOnMetric.MetricComparison.LESS
                compareTo = build {
                    buildRule = lastFinished()
                }
            }
        }
        triggers {
            vcs { }
        }
    }
}
