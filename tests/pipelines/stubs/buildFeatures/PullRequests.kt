package jetbrains.buildServer.configs.kotlin.buildFeatures

import jetbrains.buildServer.configs.kotlin.BuildFeature
import jetbrains.buildServer.configs.kotlin.BuildFeatures
import jetbrains.buildServer.configs.kotlin.CompoundParam

/** Page: buildFeatures/pull-requests/. */
open class PullRequests() : BuildFeature() {
    constructor(init: PullRequests.() -> Unit) : this() {
        init()
    }

    /** Page: buildFeatures/pull-requests/git-hub-role-filter/. */
    enum class GitHubRoleFilter { EVERYBODY, MEMBER_OR_COLLABORATOR, MEMBER }

    var vcsRootExtId: String? by parameter()
    var provider: Provider? by parameter()
    override val mandatory = listOf("provider")

    /** Page: buildFeatures/pull-requests/provider/. */
    sealed class Provider : CompoundParam() {
        class Github : Provider() {
            var authType: AuthType? by parameter()
            var serverUrl: String? by parameter()
            var filterAuthorRole: GitHubRoleFilter? by parameter()
            var filterSourceBranch: String? by parameter()
            var filterTargetBranch: String? by parameter()
            var ignoreDrafts: Boolean? by parameter()

            /** Page: buildFeatures/pull-requests/provider/github/auth-type/. */
            sealed class AuthType : CompoundParam() {
                class VcsRoot : AuthType()

                class Token : AuthType() {
                    var token: String? by parameter()
                    override val mandatory = listOf("token")
                }

                class StoredToken : AuthType() {
                    var tokenId: String? by parameter()
                    override val mandatory = listOf("tokenId")
                }
            }

            fun vcsRoot() = AuthType.VcsRoot()

            fun token(init: AuthType.Token.() -> Unit = {}) = AuthType.Token().apply(init)

            fun storedToken(init: AuthType.StoredToken.() -> Unit = {}) = AuthType.StoredToken().apply(init)
        }
    }

    fun github(init: Provider.Github.() -> Unit = {}) = Provider.Github().apply(init)
}

fun BuildFeatures.pullRequests(init: PullRequests.() -> Unit): PullRequests = PullRequests(init).also(::feature)
