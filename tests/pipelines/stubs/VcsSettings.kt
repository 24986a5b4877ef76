package jetbrains.buildServer.configs.kotlin

/** Page: root/checkout-mode/. */
enum class CheckoutMode { AUTO, ON_SERVER, ON_AGENT, MANUAL }

/** Page: root/vcs-settings/. */
@TeamCityDsl
class VcsSettings : Parametrized() {
    internal val attached = mutableListOf<VcsRoot>()

    var checkoutMode: CheckoutMode? by parameter()
    var cleanCheckout: Boolean? by parameter()
    var showDependenciesChanges: Boolean? by parameter()
    var excludeDefaultBranchChanges: Boolean? by parameter()
    var branchFilter: String? by parameter()

    fun root(root: VcsRoot, vararg checkoutRules: String) {
        attached += root
    }

    override fun json() = super.json() + ("roots" to attached.map { it.name })
}
