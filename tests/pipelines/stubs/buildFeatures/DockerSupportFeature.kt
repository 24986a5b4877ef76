package jetbrains.buildServer.configs.kotlin.buildFeatures

import jetbrains.buildServer.configs.kotlin.BuildFeature
import jetbrains.buildServer.configs.kotlin.CompoundParam

/** Page: buildFeatures/docker-support-feature/. */
open class DockerSupportFeature() : BuildFeature() {
    constructor(init: DockerSupportFeature.() -> Unit) : this() {
        init()
    }

    var loginToRegistry: LoginToRegistry? by parameter()
    var cleanupPushedImages: Boolean? by parameter()

    /** Page: buildFeatures/docker-support-feature/login-to-registry/. */
    sealed class LoginToRegistry : CompoundParam() {
        class On : LoginToRegistry() {
            var dockerRegistryId: String? by parameter()
            override val mandatory = listOf("dockerRegistryId")
        }
    }

    fun on(init: LoginToRegistry.On.() -> Unit = {}) = LoginToRegistry.On().apply(init)
}
