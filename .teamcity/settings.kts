import jetbrains.buildServer.configs.kotlin.*
import jetbrains.buildServer.configs.kotlin.projectFeatures.UntrustedBuildsSettings
import jetbrains.buildServer.configs.kotlin.projectFeatures.untrustedBuildsSettings
import pipeline.gate
import pipeline.nightly
import pipeline.release
import pipeline.releaseTests
import pipeline.tier
import pipeline.verified

version = "2024.12"

// The tiers of the suite: tests/quick holds this list against the one of tasks/test.py.
val tiers = listOf("quick", "packages", "full", "kubernetes", "pipelines", "docker", "system")

// The Pythons that services are offered: likewise, against cookiecutter.json.
val pythons = listOf("3.13", "3.12", "3.11")

project {
    description = "Renders, tests and updates services with every change of their template"
    cleanup {
        baseRule {
            history(days = 90)
            artifacts(days = 30)
        }
    }
    features {
        untrustedBuildsSettings {
            id = "UntrustedBuilds"
            defaultAction = UntrustedBuildsSettings.DefaultAction.APPROVE
            // A context parameter of the server, under Versioned Settings; so are email and gitHubToken.
            approvalRules = DslContext.getParameter("approvers", "group:RELEASE_MANAGERS:1")
            timeoutMinutes = 24 * 60
            enableLog = true
        }
    }
    val gate = gate()
    val builds = tiers.map(::tier) + gate
    builds.forEach(::buildType)
    buildType(verified(builds))
    val released = releaseTests(tiers)
    buildType(released)
    buildType(release(released, gate))
    nightly(tiers, pythons).forEach(::buildType)
}
