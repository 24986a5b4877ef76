package jetbrains.buildServer.configs.kotlin.failureConditions

import jetbrains.buildServer.configs.kotlin.FailureCondition
import jetbrains.buildServer.configs.kotlin.FailureConditions

/** Page: failureConditions/build-failure-on-text/. */
open class BuildFailureOnText() : FailureCondition() {
    constructor(init: BuildFailureOnText.() -> Unit) : this() {
        init()
    }

    /** Page: failureConditions/build-failure-on-text/condition-type/. */
    enum class ConditionType { CONTAINS, REGEXP }

    var conditionType: ConditionType? by parameter()
    var pattern: String? by parameter()
    var failureMessage: String? by parameter()
    var reverse: Boolean? by parameter()
    override val mandatory = listOf("conditionType", "pattern")
}

fun FailureConditions.failOnText(init: BuildFailureOnText.() -> Unit): BuildFailureOnText =
    BuildFailureOnText(init).also(::failureCondition)
