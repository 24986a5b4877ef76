package pipeline

import jetbrains.buildServer.configs.kotlin.BuildType
import jetbrains.buildServer.configs.kotlin.BuildTypeSettings
import jetbrains.buildServer.configs.kotlin.buildSteps.script
import jetbrains.buildServer.configs.kotlin.matrix
import jetbrains.buildServer.configs.kotlin.triggers.schedule

/** All tiers, run by each Python that services are offered: what a new package or a new day breaks. */
fun nightly(tiers: List<String>, pythons: List<String>): List<BuildType> {
    val parts = pythons.map { nightlyOf(it, tiers) }
    val whole = BuildType {
        id("Nightly")
        name = "Nightly: all of it"
        type = BuildTypeSettings.Type.COMPOSITE
        ofTemplate(minutes = 240)
        tellsSomebody()
        triggers {
            schedule {
                schedulingPolicy = daily {
                    hour = 2
                }
                branchFilter = "+:<default>"
                triggerBuild = always()
                withPendingChangesOnly = false
            }
        }
        dependencies {
            // Each runs, whatever the others found.
            parts.forEach { snapshot(it) }
        }
    }
    return parts + whole
}

/** A build for each Python: it runs on agents that say that they have it, or TeamCity says that none does. */
private fun nightlyOf(python: String, tiers: List<String>) = BuildType {
    id("NightlyPython${python.replace(".", "")}")
    name = "Nightly: Python $python"
    ofTemplate(minutes = 90)
    params {
        param("tier", tiers.first())
        param("env.PYTHON", "python$python")
    }
    keepsTools("%tier%", publishes = true)
    requirements {
        exists("tool.python$python")
    }
    features {
        matrix {
            param("tier", tiers.map { value(it) })
        }
    }
    steps {
        script {
            name = "Tests of this tier"
            scriptContent = ".ci/run %tier%"
        }
    }
}
