package pipeline

import jetbrains.buildServer.configs.kotlin.BuildType
import jetbrains.buildServer.configs.kotlin.BuildTypeSettings
import jetbrains.buildServer.configs.kotlin.Project
import jetbrains.buildServer.configs.kotlin.sharedResource
import jetbrains.buildServer.configs.kotlin.sharedResources

// Projects of their own: builds outside, as those of pull requests, cannot read the secrets in them.
// An agent pool for each keeps such builds off the agents, too.

/** What changes a stage, with the stage's secrets and its lock. */
fun stageProject(stage: Stage, builds: List<BuildType>) = Project {
    id(stage.title)
    name = stage.title
    description = "What changes ${stage.name}, and the secrets for it"
    params {
        password("kubeconfig", stage.kubeconfig, description = "A kubeconfig in base64, on one line")
    }
    features {
        sharedResource {
            id = "${stage.title}Lock"
            name = stage.name
            resourceType = infinite()
        }
        connection(stage.registry, "${stage.title}Registry")
    }
    builds.forEach(::buildType)
}

/** The builds that push and pull images, with the login for it. */
fun registryProject(service: Service, builds: List<BuildType>) = Project {
    id("Registry")
    name = "Registry"
    description = "What pushes images, and the login for it"
    features {
        connection(service.registry, PUSHES)
    }
    builds.forEach(::buildType)
}

/** What changes a stage: from protected branches, one at a time, never from a developer's change. */
fun BuildType.changes(stage: Stage) {
    type = BuildTypeSettings.Type.DEPLOYMENT
    maxRunningBuilds = 1
    enablePersonalBuilds = false
    vcs {
        branchFilter = DEPLOYED_BRANCHES
    }
    params {
        param("stage", stage.name)
    }
    features {
        sharedResources {
            writeLock(stage.name)
        }
    }
}
