package pipeline

import jetbrains.buildServer.configs.kotlin.BuildType
import jetbrains.buildServer.configs.kotlin.BuildTypeSettings
import jetbrains.buildServer.configs.kotlin.Project
import jetbrains.buildServer.configs.kotlin.projectFeatures.buildReportTab
import jetbrains.buildServer.configs.kotlin.triggers.vcs

/**
 * Builds, tests and deploys a service: checks, tests and scans side by side, the image, and staging.
 * Somebody asks for production by hand, with a version: a build that waits for its approval comes after no
 * other build, and none comes after it, so that it holds up nothing.
 *
 * `provision` makes the build that prepares the database of a stage that has one in settings.kts.
 */
fun Project.pipelines(service: Service, provision: ((Service, Stage, Database) -> BuildType)? = null) {
    cleanup {
        baseRule {
            history(days = 90)
            artifacts(days = 30, builds = 10)
            preventDependencyCleanup = true
        }
    }
    features {
        untrustedBuilds(service)
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
    val update = templateUpdate(service)
    buildType(update)
    if (service.gitHubUrl.isNotEmpty()) buildType(templateUpdateRequest(service, update))
    val publish = publish(service).after(listOf(verified))
    val released = if (service.gitHubUrl.isEmpty()) null else release(service, publish).after(listOf(publish))
    subProject(registryProject(service, listOfNotNull(publish, scanImage(service), released)))

    val staging = deploy(service, service.staging, publish).after(listOf(publish))
    staging.triggers {
        vcs {
            branchFilter = DEPLOYED_BRANCHES
        }
    }
    val production = deployVersion(service, service.production, "DeployProduction")

    /** What goes on with what is there already; somebody starts each by hand. */
    fun besides(stage: Stage): List<BuildType> = listOfNotNull(
        rollback(service, stage),
        stage.database?.let { provision?.invoke(service, stage, it) },
    )
    val again = deployVersion(service, service.staging, "DeployVersionStaging")
    subProject(stageProject(service.staging, besides(service.staging) + staging + again))
    val agreed = (besides(service.production) + production).onEach {
        it.features {
            agreement(service)
        }
    }
    subProject(stageProject(service.production, agreed))
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
            // Renovate's account may be no member of the organisation, whose pull requests are built.
            branchFilter =
                if (service.gitHubUrl.isEmpty()) "+:*" else "$DEPLOYED_BRANCHES\n+:pull/*\n+:renovate/*"
        }
    }
}
