// What runs by the clock.
import jetbrains.buildServer.configs.kotlin.*
import jetbrains.buildServer.configs.kotlin.buildSteps.script
import jetbrains.buildServer.configs.kotlin.triggers.ScheduleTrigger
import jetbrains.buildServer.configs.kotlin.triggers.schedule

version = "2024.12"

project {
    buildType {
        id("Sweep")
        name = "Sweep"
        vcs {
            root(DslContext.settingsRoot)
        }
        steps {
            script {
                executionMode = BuildStep.ExecutionMode.ALWAYS
                scriptContent = "make sweep"
            }
        }
        triggers {
            schedule {
                id = "HOURLY"
                schedulingPolicy = cron {
                    minutes = "0"
                    hours = "*/3"
                    dayOfWeek = "MON-FRI"
                    timezone = "Europe/Berlin"
                }
                branchFilter = "+:<default>"
                triggerBuild = always()
                withPendingChangesOnly = false
                enableQueueOptimization = false
                param("revisionRule", "lastFinished")
            }
            schedule {
                schedulingPolicy = weekly {
                    dayOfWeek = ScheduleTrigger.DAY.Sunday
                    hour = 3
                }
                triggerBuild = always()
            }
        }
    }
}
