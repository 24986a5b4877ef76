package jetbrains.buildServer.configs.kotlin.buildFeatures

import jetbrains.buildServer.configs.kotlin.BuildFeature
import jetbrains.buildServer.configs.kotlin.BuildFeatures
import jetbrains.buildServer.configs.kotlin.CompoundParam

/** Page: buildFeatures/commit-status-publisher/. */
open class CommitStatusPublisher() : BuildFeature() {
    constructor(init: CommitStatusPublisher.() -> Unit) : this() {
        init()
    }

    var vcsRootExtId: String? by parameter()
    var publisher: Publisher? by parameter()
    override val mandatory = listOf("publisher")

    /** Page: buildFeatures/commit-status-publisher/publisher/. */
    sealed class Publisher : CompoundParam() {
        class Github : Publisher() {
            var githubUrl: String? by parameter()
            var authType: AuthType? by parameter()
            override val mandatory = listOf("githubUrl")

            /** Page: buildFeatures/commit-status-publisher/publisher/github/auth-type/. */
            sealed class AuthType : CompoundParam() {
                class VcsRoot : AuthType()

                class PersonalToken : AuthType() {
                    var token: String? by parameter()
                    override val mandatory = listOf("token")
                }

                class StoredToken : AuthType() {
                    var tokenId: String? by parameter()
                    override val mandatory = listOf("tokenId")
                }
            }

            fun vcsRoot() = AuthType.VcsRoot()

            fun personalToken(init: AuthType.PersonalToken.() -> Unit = {}) = AuthType.PersonalToken().apply(init)

            fun storedToken(init: AuthType.StoredToken.() -> Unit = {}) = AuthType.StoredToken().apply(init)
        }
    }

    fun github(init: Publisher.Github.() -> Unit = {}) = Publisher.Github().apply(init)
}

fun BuildFeatures.commitStatusPublisher(init: CommitStatusPublisher.() -> Unit): CommitStatusPublisher =
    CommitStatusPublisher(init).also(::feature)
