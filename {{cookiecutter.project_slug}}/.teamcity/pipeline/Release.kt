package pipeline

import jetbrains.buildServer.configs.kotlin.BuildType
import jetbrains.buildServer.configs.kotlin.triggers.vcs

/**
 * A tag becomes a release on GitHub: its section of CHANGELOG.md, or the commits, and the image of that tag.
 * The VCS root has +:refs/tags/(v*).
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
        tasks(service, "Release", """release.create --tag="${'$'}TAG" --digest="${'$'}DIGEST"""")
    }
    triggers {
        vcs {
            branchFilter = TAGS
        }
    }
}
