package pipeline

import jetbrains.buildServer.configs.kotlin.BuildType
import jetbrains.buildServer.configs.kotlin.FailureConditions
import jetbrains.buildServer.configs.kotlin.failureConditions.BuildFailureOnMetric
import jetbrains.buildServer.configs.kotlin.failureConditions.BuildFailureOnText
import jetbrains.buildServer.configs.kotlin.failureConditions.failOnText
import jetbrains.buildServer.configs.kotlin.triggers.schedule

/** What can be said of the code without running it. */
fun check(service: Service) = BuildType {
    id("Check")
    name = "Check"
    description = "Settings, compose files, manifests, flows, format, lint, types"
    ofService(service, minutes = 15)
    needsDocker()
    needs(service, "kubectl")
    steps {
        install()
        tasks(service, "Settings of every environment", "config.validate")
        tasks(service, "Compose files", "compose.check")
        tasks(service, "Manifests", "cluster.check")
        tasks(service, "Flows", "cluster.network-policy --check")
        tasks(service, "Format, lint, types, YAML, packages, API", "check --all")
    }
}

/** The tests, each of which TeamCity shows while it runs; their reports stay with the build. */
fun test(service: Service) = BuildType {
    id("Test")
    name = "Test"
    description = "Tests, with all that they need, and how much of the code they reach"
    ofService(service, minutes = 30)
    artifactRules = """
        reports/*.xml => reports
        reports/coverage => coverage.zip
    """.trimIndent()
    steps {
        install()
        tasks(service, "Tests", "tests --reports=reports")
    }
    failureConditions {
        failsWhereDropped(BuildFailureOnMetric.MetricType.TEST_COUNT, service.testCountDrop)
        failsWhereDropped(BuildFailureOnMetric.MetricType.COVERAGE_LINE_PERCENTAGE, service.coverageDrop)
    }
}

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
    eachNight()
}

/** The image of main, as it was pushed: each night, with what its base has that no lock names. */
fun scanImage(service: Service) = BuildType {
    id("ScanImage")
    name = "Scan the image"
    description = "What is known against the image in the registry"
    ofService(service, minutes = 40)
    needsDocker()
    needsCosign(service)
    enablePersonalBuilds = false
    vcs {
        branchFilter = DEFAULT_BRANCH
    }
    params {
        param("image.name", "")
    }
    features {
        registry(service.registry, PUSHES)
    }
    steps {
        install()
        tasks(service, "Take what is pushed, or build", "image.build --reuse")
        tasks(service, "Scan", "scan.image --image=%image.name%")
    }
    failureConditions {
        failsOnFindings()
    }
    eachNight()
}

private fun BuildType.eachNight() = triggers {
    schedule {
        schedulingPolicy = daily {
            hour = 4
        }
        branchFilter = DEFAULT_BRANCH
        triggerBuild = always()
        withPendingChangesOnly = false
    }
}

/** Says in the build's status what the exit code does not: that it is a finding. */
fun FailureConditions.failsOnFindings() {
    failOnText {
        conditionType = BuildFailureOnText.ConditionType.REGEXP
        pattern = """^Found: \d+\."""
        failureMessage = "A scan has found what infra/scan-ignores.toml does not let pass"
        reverse = false
    }
}
