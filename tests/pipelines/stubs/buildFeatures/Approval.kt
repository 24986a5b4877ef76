package jetbrains.buildServer.configs.kotlin.buildFeatures

import jetbrains.buildServer.configs.kotlin.BuildFeature
import jetbrains.buildServer.configs.kotlin.BuildFeatures
import jetbrains.buildServer.configs.kotlin.ErrorConsumer
import jetbrains.buildServer.configs.kotlin.faultsOfApproval

/** Page: buildFeatures/approval/. */
open class Approval() : BuildFeature() {
    constructor(init: Approval.() -> Unit) : this() {
        init()
    }

    var approvalRules: String? by parameter()

    /** Minutes, counted from when the build is queued; six hours unless given. */
    var timeout: Int? by parameter()
    var manualRunsApproved: Boolean? by parameter()
    override val mandatory = listOf("approvalRules")

    override fun validate(consumer: ErrorConsumer) {
        super.validate(consumer)
        for (fault in faultsOfApproval(approvalRules.orEmpty())) consumer.consumePropertyError("approval", fault)
    }
}

fun BuildFeatures.approval(init: Approval.() -> Unit): Approval = Approval(init).also(::feature)
