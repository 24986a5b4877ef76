package jetbrains.buildServer.configs.kotlin.vcs

import jetbrains.buildServer.configs.kotlin.CompoundParam
import jetbrains.buildServer.configs.kotlin.VcsRoot

/** Page: vcs/git-vcs-root/. */
open class GitVcsRoot() : VcsRoot() {
    constructor(init: GitVcsRoot.() -> Unit) : this() {
        init()
    }

    var url: String? by parameter()
    var branch: String? by parameter()

    /** On lines of their own: +:refs/heads/(*). */
    var branchSpec: String? by parameter()
    var useTagsAsBranches: Boolean? by parameter()
    var authMethod: AuthMethod? by parameter()
    override val mandatory = listOf("url", "branch")

    /** Page: vcs/git-vcs-root/auth-method/. */
    sealed class AuthMethod : CompoundParam() {
        class Anonymous : AuthMethod()

        class Password : AuthMethod() {
            var userName: String? by parameter()
            var password: String? by parameter()
        }

        class UploadedKey : AuthMethod() {
            var userName: String? by parameter()
            var uploadedKey: String? by parameter()
            var passphrase: String? by parameter()
        }

        class DefaultPrivateKey : AuthMethod() {
            var userName: String? by parameter()
        }

        class CustomPrivateKey : AuthMethod() {
            var userName: String? by parameter()
            var customKeyPath: String? by parameter()
            var passphrase: String? by parameter()
        }
    }

    fun anonymous() = AuthMethod.Anonymous()

    fun password(init: AuthMethod.Password.() -> Unit = {}) = AuthMethod.Password().apply(init)

    fun uploadedKey(init: AuthMethod.UploadedKey.() -> Unit = {}) = AuthMethod.UploadedKey().apply(init)

    fun defaultPrivateKey(init: AuthMethod.DefaultPrivateKey.() -> Unit = {}) =
        AuthMethod.DefaultPrivateKey().apply(init)

    fun customPrivateKey(init: AuthMethod.CustomPrivateKey.() -> Unit = {}) =
        AuthMethod.CustomPrivateKey().apply(init)
}
