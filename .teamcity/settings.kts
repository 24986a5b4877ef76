import jetbrains.buildServer.configs.kotlin.*
import pipeline.gate
import pipeline.nightly
import pipeline.release
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
    val gate = gate()
    val builds = tiers.map(::tier) + gate
    builds.forEach(::buildType)
    val verified = verified(builds)
    buildType(verified)
    buildType(release(verified, gate))
    buildType(nightly(tiers, pythons))
}
