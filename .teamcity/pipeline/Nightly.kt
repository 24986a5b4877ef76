package pipeline

import jetbrains.buildServer.configs.kotlin.BuildType
import jetbrains.buildServer.configs.kotlin.buildSteps.script
import jetbrains.buildServer.configs.kotlin.matrix
import jetbrains.buildServer.configs.kotlin.triggers.schedule

/** All tiers, run by each Python that services are offered: what a new package or a new day breaks. */
fun nightly(tiers: List<String>, pythons: List<String>) = BuildType {
    id("Nightly")
    name = "Nightly: all of it"
    ofTemplate(minutes = 90)
    params {
        param("tier", tiers.first())
        param("env.PYTHON", "python${pythons.first()}")
    }
    features {
        matrix {
            param("tier", tiers.map { value(it) })
            param("env.PYTHON", pythons.map { value("python$it", label = it) })
        }
    }
    steps {
        script {
            name = "Tests of this tier"
            scriptContent = ".ci/run %tier%"
        }
    }
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
}
