package jetbrains.buildServer.configs.kotlin.projectFeatures

import jetbrains.buildServer.configs.kotlin.ProjectFeature
import jetbrains.buildServer.configs.kotlin.ProjectFeatures

/** Page: projectFeatures/docker-registry-connection/. */
open class DockerRegistryConnection() : ProjectFeature() {
    constructor(init: DockerRegistryConnection.() -> Unit) : this() {
        init()
    }

    var name: String? by parameter()
    var url: String? by parameter()
    var userName: String? by parameter()
    var password: String? by parameter()
}

fun ProjectFeatures.dockerRegistry(init: DockerRegistryConnection.() -> Unit): DockerRegistryConnection =
    DockerRegistryConnection(init).also(::feature)
