package jetbrains.buildServer.configs.kotlin.buildFeatures

import jetbrains.buildServer.configs.kotlin.BuildFeature
import jetbrains.buildServer.configs.kotlin.BuildFeatures

/** Page: buildFeatures/ssh-agent/. An SSH key of the project, for the time of the build. */
open class SshAgent() : BuildFeature() {
    constructor(init: SshAgent.() -> Unit) : this() {
        init()
    }

    var teamcitySshKey: String? by parameter()
    var passphrase: String? by parameter()
    override val mandatory = listOf("teamcitySshKey")
}

fun BuildFeatures.sshAgent(init: SshAgent.() -> Unit): SshAgent = SshAgent(init).also(::feature)
