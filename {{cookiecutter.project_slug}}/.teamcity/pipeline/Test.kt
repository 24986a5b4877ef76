package pipeline

import jetbrains.buildServer.configs.kotlin.BuildType
import jetbrains.buildServer.configs.kotlin.failureConditions.BuildFailureOnMetric

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
