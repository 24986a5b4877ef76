package pipeline

import jetbrains.buildServer.configs.kotlin.BuildSteps
import jetbrains.buildServer.configs.kotlin.BuildType
import jetbrains.buildServer.configs.kotlin.ParametrizedWithType
import jetbrains.buildServer.configs.kotlin.triggers.vcs

/** The connection of the project Registry. */
const val PUSHES = "Registry"

/** The production image of any change, which is built and scanned, and stays on the agent. */
fun image(service: Service) = BuildType {
    id("Image")
    name = "Image"
    description = "The production image, its scan and its bill of materials"
    ofService(service, minutes = 40)
    needsDocker()
    params {
        image()
    }
    artifactRules = "sbom.cdx.json"
    steps {
        install()
        tasks(service, "Build", "image.build")
        scan(service)
    }
    failureConditions {
        failsOnFindings()
    }
}

/**
 * Pushes the production image of a branch that is deployed, once it is verified. Run again, it takes the one
 * that is in the registry.
 *
 * It builds and scans once more, as the build for changes of anybody has no login to the registry. Its
 * tasks set the parameters; builds that deploy the image ask for them.
 */
fun publish(service: Service) = BuildType {
    id("Publish")
    name = "Publish"
    description = "The production image in the registry"
    ofService(service, minutes = 40)
    needsDocker()
    needsCosign(service)
    enablePersonalBuilds = false
    maxRunningBuilds = 1
    buildNumberPattern = "%build.vcs.number%"
    artifactRules = "sbom.cdx.json"
    vcs {
        branchFilter = "$DEPLOYED_BRANCHES\n$TAGS"
    }
    params {
        image()
        service.signingKey?.let {
            password("env.COSIGN_PRIVATE_KEY", it.privateKey)
            password("env.COSIGN_PASSWORD", it.password)
        }
    }
    features {
        registry(service.registry, PUSHES)
    }
    steps {
        install()
        tasks(service, "Build", "image.build --reuse")
        scan(service)
        tasks(service, "Push, and sign", "image.push --tag=%image.tag% --sbom=sbom.cdx.json")
    }
    failureConditions {
        failsOnFindings()
    }
}

/**
 * A tag becomes a release on GitHub: its section of CHANGELOG.md, or the commits, and the image of that tag.
 * The VCS root calls it by +:refs/(tags/v*), as no branch is called.
 */
fun release(service: Service, published: BuildType) = BuildType {
    id("Release")
    name = "Release"
    description = "What a tag is a release of, and its image"
    ofService(service, minutes = 15)
    needs(service, "gh")
    enablePersonalBuilds = false
    buildNumberPattern = published.depParamRefs["image.tag"].ref
    vcs {
        branchFilter = TAGS
    }
    params {
        param("env.TAG", published.depParamRefs["image.tag"].ref)
        param("env.DIGEST", published.depParamRefs["image.digest"].ref)
        gitHub(service)
    }
    steps {
        install()
        tasks(service, "Release", "release.create --tag=\"\$TAG\" --digest=\"\$DIGEST\"")
    }
    triggers {
        vcs {
            branchFilter = TAGS
        }
    }
}

/** What the tasks about an image report. */
private fun ParametrizedWithType.image() {
    param("image.name", "")
    param("image.tag", "")
    param("image.digest", "")
}

private fun BuildSteps.scan(service: Service) = tasks(
    service,
    "Scan, and list what is in it",
    "scan.image --image=%image.name% --sbom=sbom.cdx.json",
)
