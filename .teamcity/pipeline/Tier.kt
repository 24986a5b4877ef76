package pipeline

import jetbrains.buildServer.configs.kotlin.BuildType
import jetbrains.buildServer.configs.kotlin.DslContext
import jetbrains.buildServer.configs.kotlin.buildFeatures.buildCache
import jetbrains.buildServer.configs.kotlin.buildFeatures.notifications
import jetbrains.buildServer.configs.kotlin.buildSteps.script

/** A tier of the suite, run where what has changed needs it. The agent is a bare Debian. */
fun tier(name: String) = BuildType {
    id("Tier${name.replaceFirstChar(Char::uppercase)}")
    this.name = "Tests: $name"
    ofTemplate(minutes = 60)
    params {
        param("needed", "true")
    }
    keepsTools(name, publishes = false)
    steps {
        script {
            this.name = "What has changed"
            scriptContent = "./invoke changes --since=origin/main --tier=$name"
        }
        script {
            this.name = "Tests of this tier"
            scriptContent = ".ci/run $name"
            conditions {
                equals("needed", "true")
            }
        }
    }
}

/**
 * What .ci/run fetches, for agents that are made anew; it fetches again what has changed. Nights publish it,
 * as they run the default branch alone: a pull request could plant a program. A release has no cache.
 */
fun BuildType.keepsTools(tier: String, publishes: Boolean) {
    features {
        buildCache {
            name = "tools-$tier"
            rules = ".cache/kotlin\n.cache/kubernetes\n.cache/registry\n.cache/uv"
            use = true
            publish = publishes
            publishOnlyChanged = true
        }
    }
    params {
        param("env.UV_CACHE_DIR", "%system.teamcity.build.checkoutDir%/.cache/uv")
    }
}

/** Says when the default branch or a night goes red: to the context parameter email of the server. */
fun BuildType.tellsSomebody() {
    features {
        notifications {
            notifierSettings = emailNotifier {
                email = DslContext.getParameter("email")
            }
            branchFilter = "+:<default>\n+:v*"
            buildFailedToStart = true
            buildFailed = true
            firstSuccessAfterFailure = true
        }
    }
}

/** What all builds have: the template's code, and an end in time. */
fun BuildType.ofTemplate(minutes: Int) {
    vcs {
        root(DslContext.settingsRoot)
    }
    failureConditions {
        executionTimeoutMin = minutes
    }
}
