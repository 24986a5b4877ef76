package pipeline

import jetbrains.buildServer.configs.kotlin.BuildType
import jetbrains.buildServer.configs.kotlin.FailureConditions
import jetbrains.buildServer.configs.kotlin.failureConditions.BuildFailureOnText
import jetbrains.buildServer.configs.kotlin.failureConditions.failOnText
import jetbrains.buildServer.configs.kotlin.triggers.schedule

/** Code, secrets, locked packages: each night too, as advisories come on days without commits. */
fun scanCode(service: Service) = BuildType {
    id("ScanCode")
    name = "Scan the code"
    description = "Code, secrets, and what is known against the locked packages"
    ofService(service, minutes = 20)
    steps {
        install()
        tasks(service, "Scan", "scan.code")
    }
    failureConditions {
        failsOnFindings()
    }
    triggers {
        schedule {
            schedulingPolicy = daily {
                hour = 4
            }
            branchFilter = DEFAULT_BRANCH
            triggerBuild = always()
            withPendingChangesOnly = false
        }
    }
}

/**
 * The production image: built, scanned, and pushed from the default branch alone.
 *
 * Its tasks set the parameters; builds that deploy it ask for them.
 */
fun image(service: Service) = BuildType {
    id("Image")
    name = "Image"
    description = "The production image, its scan and its bill of materials"
    ofService(service, minutes = 40)
    needsDocker()
    artifactRules = "sbom.cdx.json"
    params {
        param("image.name", "")
        param("image.tag", "")
        param("image.digest", "")
    }
    features {
        registry(service)
    }
    steps {
        install()
        tasks(service, "Build", "image.build")
        tasks(service, "Scan, and list what is in it", "scan.image --image=%image.name% --sbom=sbom.cdx.json")
        tasks(service, "Push", "image.push --tag=%image.tag%") {
            conditions {
                equals("teamcity.build.branch.is_default", "true")
            }
        }
    }
    failureConditions {
        failsOnFindings()
    }
}

/** Says in the build's status what the exit code does not: that it is a finding. */
private fun FailureConditions.failsOnFindings() {
    failOnText {
        conditionType = BuildFailureOnText.ConditionType.REGEXP
        pattern = """^Found: \d+\."""
        failureMessage = "A scan has found what infra/scan-ignores.toml does not let pass"
        reverse = false
    }
}
