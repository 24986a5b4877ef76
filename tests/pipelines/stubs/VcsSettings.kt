package jetbrains.buildServer.configs.kotlin

/** Page: root/checkout-mode/. */
enum class CheckoutMode { AUTO, ON_SERVER, ON_AGENT, MANUAL }

/** Page: root/vcs-settings/. */
@TeamCityDsl
class VcsSettings : Parametrized() {
    private val roots = mutableListOf<String>()

    var checkoutMode: CheckoutMode? by parameter()
    var cleanCheckout: Boolean? by parameter()
    var showDependenciesChanges: Boolean? by parameter()
    var branchFilter: String? by parameter()

    fun root(vcsRoot: VcsRoot, vararg checkoutRules: String) {
        roots += vcsRoot.name
    }

    override fun json() = super.json() + ("roots" to roots)
}
