package jetbrains.buildServer.configs.kotlin.buildFeatures

import jetbrains.buildServer.configs.kotlin.BuildFeature
import jetbrains.buildServer.configs.kotlin.BuildFeatures

/** Page: buildFeatures/approval/. */
open class Approval() : BuildFeature() {
    constructor(init: Approval.() -> Unit) : this() {
        init()
    }

    /** On lines of their own: user:username, group:groupKey:requiredApprovalsCount. */
    var approvalRules: String? by parameter()
    var timeout: Int? by parameter()
    var manualRunsApproved: Boolean? by parameter()
    override val mandatory = listOf("approvalRules")

    override fun validate(consumer: jetbrains.buildServer.configs.kotlin.ErrorConsumer) {
        super.validate(consumer)
        for (rule in approvalRules.orEmpty().lines()) {
            if (!Regex("""user:[^:]+|group:[^:]+:\d+""").matches(rule)) {
                consumer.consumePropertyError("approval", "\"$rule\" is no rule")
            }
        }
    }
}

fun BuildFeatures.approval(init: Approval.() -> Unit): Approval = Approval(init).also(::feature)
