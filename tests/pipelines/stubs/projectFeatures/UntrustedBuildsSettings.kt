package jetbrains.buildServer.configs.kotlin.projectFeatures

import jetbrains.buildServer.configs.kotlin.ErrorConsumer
import jetbrains.buildServer.configs.kotlin.ProjectFeature
import jetbrains.buildServer.configs.kotlin.ProjectFeatures
import jetbrains.buildServer.configs.kotlin.faultsOfApproval

/** Page: projectFeatures/untrusted-builds-settings/. */
open class UntrustedBuildsSettings() : ProjectFeature() {
    constructor(init: UntrustedBuildsSettings.() -> Unit) : this() {
        init()
    }

    /** Page: projectFeatures/untrusted-builds-settings/default-action/. */
    enum class DefaultAction { APPROVE, CANCEL, IGNORE }

    var defaultAction: DefaultAction? by parameter()
    var approvalRules: String? by parameter()
    var enableLog: Boolean? by parameter()
    var manualRunsApproved: Boolean? by parameter()
    var timeoutMinutes: Int? by parameter()

    override fun validate(consumer: ErrorConsumer) {
        super.validate(consumer)
        val rules = approvalRules
        if ((defaultAction == DefaultAction.APPROVE) != (rules != null)) {
            consumer.consumePropertyError(
                "untrustedBuildsSettings", "approvalRules belong to the default action APPROVE, and to it alone"
            )
        }
        for (fault in rules?.let(::faultsOfApproval).orEmpty()) {
            consumer.consumePropertyError("untrustedBuildsSettings", fault)
        }
    }
}

fun ProjectFeatures.untrustedBuildsSettings(init: UntrustedBuildsSettings.() -> Unit): UntrustedBuildsSettings =
    UntrustedBuildsSettings(init).also(::feature)
