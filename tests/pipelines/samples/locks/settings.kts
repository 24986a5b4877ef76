// A lock that builds of several projects take, and somebody who agrees first.
import jetbrains.buildServer.configs.kotlin.*
import jetbrains.buildServer.configs.kotlin.buildFeatures.approval
import jetbrains.buildServer.configs.kotlin.buildFeatures.notifications
import jetbrains.buildServer.configs.kotlin.buildSteps.script
import jetbrains.buildServer.configs.kotlin.projectFeatures.dockerRegistry

version = "2025.11"

project {
    val lock = SharedResource {
        id = "LOCK"
        name = "the stage"
        resourceType = infinite()
    }
    features {
        feature(lock)
        sharedResource {
            id = "SLOTS"
            name = "slots"
            resourceType = quoted(3)
        }
        sharedResource {
            id = "PACKAGES"
            name = "packages"
            enabled = true
            resourceType = customValues(listOf("compute", "storage") + "network")
        }
        dockerRegistry {
            id = "REGISTRY"
            name = "Registry"
            url = "https://registry.example.com"
            userName = "builder"
            password = "credentialsJSON:00000000-0000-0000-0000-000000000000"
        }
    }
    subProject {
        id("Below")
        name = "Below"
        params {
            text("to", "", display = ParameterDisplay.PROMPT, regex = "v.+", validationMessage = "a version")
            password("secret", "credentialsJSON:00000000-0000-0000-0000-000000000000", readOnly = true)
        }
        buildType {
            id("Move")
            name = "Move"
            features {
                sharedResources {
                    writeLock(lock)
                    readLock("slots")
                    lockSpecificValue("packages", "compute")
                }
                approval {
                    id = "APPROVAL"
                    approvalRules = "user:lead\ngroup:QA:2\n(users:ada,grace,groups:OPERATORS,LEADS):2"
                    timeout = 60
                    manualRunsApproved = false
                }
                notifications {
                    notifierSettings = emailNotifier {
                        email = "team@example.com"
                    }
                    queuedBuildRequiresApproval = true
                    buildProbablyHanging = true
                }
            }
            steps {
                script {
                    scriptContent = "move --to=%to%"
                }
            }
        }
    }
}
