package pipeline

import jetbrains.buildServer.configs.kotlin.BuildType
import jetbrains.buildServer.configs.kotlin.BuildTypeSettings
import jetbrains.buildServer.configs.kotlin.Project
import jetbrains.buildServer.configs.kotlin.projectFeatures.buildReportTab
import jetbrains.buildServer.configs.kotlin.triggers.vcs

/**
 * Builds, tests and deploys a service: check, test, scan and image side by side, then staging, then, when
 * somebody has agreed, production.
 *
 * `provision` makes the build that prepares a stage before the service is deployed to it.
 */
fun Project.pipelines(service: Service, provision: ((Service, Stage) -> BuildType)? = null) {
    cleanup {
        baseRule {
            history(days = 90)
            artifacts(days = 30, builds = 10)
            preventDependencyCleanup = true
        }
    }
    features {
        buildReportTab {
            id = "Coverage"
            title = "Coverage"
            startPage = "coverage.zip!index.html"
        }
    }

    val image = image(service)
    val parts = arrayOf(check(service), test(service), scanCode(service), image)
    val verified = verified(service, parts)
    (parts + verified).forEach(::buildType)

    fun deployment(stage: Stage, before: BuildType): BuildType {
        val prepared = provision?.invoke(service, stage)?.apply { comesAfter(before) }
        prepared?.let(::buildType)
        return deploy(service, stage, image).apply {
            comesAfter(image, *parts.filter { it != image }.toTypedArray(), before, *listOfNotNull(prepared).toTypedArray())
        }.also(::buildType)
    }

    val staging = deployment(service.staging, verified)
    staging.triggers {
        vcs {
            branchFilter = DEFAULT_BRANCH
        }
    }
    deployment(service.production, staging).features {
        agreement(service)
    }
}

/** The one build that says whether a change may be merged: it sums up the others. */
private fun verified(service: Service, parts: Array<BuildType>) = BuildType {
    id("Verified")
    name = "Verified"
    description = "Whether a change may be merged: the one check that is required"
    type = BuildTypeSettings.Type.COMPOSITE
    ofService(service, minutes = 60)
    vcs {
        showDependenciesChanges = true
    }
    features {
        gitHub(service)
    }
    triggers {
        vcs {
            branchFilter = "+:*"
        }
    }
    comesAfter(*parts)
}
