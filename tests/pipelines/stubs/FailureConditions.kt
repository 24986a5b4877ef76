package jetbrains.buildServer.configs.kotlin

/** Page: root/failure-conditions/. */
class FailureConditions : Collected<FailureCondition>() {
    var executionTimeoutMin: Int = 0
    var errorMessage: Boolean = false
    var nonZeroExitCode: Boolean = true
    var testFailure: Boolean = true
    var javaCrash: Boolean = true

    fun failureCondition(condition: FailureCondition) = add(condition)

    internal fun json(): Map<String, Any?> = mapOf(
        "executionTimeoutMin" to executionTimeoutMin,
        "errorMessage" to errorMessage,
        "nonZeroExitCode" to nonZeroExitCode,
        "testFailure" to testFailure,
        "conditions" to items(),
    )
}

/** Page: root/failure-condition/. */
open class FailureCondition : Parametrized() {
    var id: String? by parameter()
    var enabled: Boolean? by parameter()
    var stopBuildOnFailure: Boolean? by parameter()
}
