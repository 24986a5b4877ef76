package pipeline

import jetbrains.buildServer.configs.kotlin.BuildType
import jetbrains.buildServer.configs.kotlin.BuildTypeSettings
import jetbrains.buildServer.configs.kotlin.Project
import jetbrains.buildServer.configs.kotlin.projectFeatures.buildReportTab
import jetbrains.buildServer.configs.kotlin.triggers.vcs

/**
 * Builds, tests and deploys a service: checks, tests and scans side by side, the image, staging, and, when
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

    val tests = listOf(check(service), test(service), scanCode(service))
    val image = image(service).after(tests)
    val verified = verified(service).after(tests + image)
    (tests + image + verified).forEach(::buildType)

    /** Prepares a stage, then deploys to it; returns the builds that do. */
    fun deployment(stage: Stage, before: BuildType): List<BuildType> {
        val prepared = listOfNotNull(provision?.invoke(service, stage)?.after(listOf(before)))
        val deployed = deploy(service, stage, image).after(listOf(image, before) + prepared)
        return (prepared + deployed).onEach(::buildType)
    }

    val staging = deployment(service.staging, verified).last()
    staging.triggers {
        vcs {
            branchFilter = DEFAULT_BRANCH
        }
    }
    buildType(templateUpdate(service))
    // Preparing the database changes production already.
    val backwards = listOf(service.staging, service.production).map { rollback(service, it) }
    backwards.forEach(::buildType)
    for (build in deployment(service.production, staging) + backwards.last()) {
        build.features {
            agreement(service)
        }
    }
}

/** The one build that says whether a change may be merged: it sums up the others. */
private fun verified(service: Service) = BuildType {
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
}
