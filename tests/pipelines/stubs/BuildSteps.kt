package jetbrains.buildServer.configs.kotlin

/** Page: root/build-steps/. */
class BuildSteps : Collected<BuildStep>() {
    internal var isEmpty = true
        private set

    fun step(step: BuildStep) {
        isEmpty = false
        add(step)
    }
}

/** Page: root/build-step/. */
open class BuildStep : Parametrized() {
    /** Page: root/build-step/execution-mode/. */
    enum class ExecutionMode { DEFAULT, RUN_ON_SUCCESS, RUN_ON_FAILURE, ALWAYS }

    private val conditions = StepConditions()

    var id: String? by parameter()
    var name: String? by parameter()
    var executionMode: ExecutionMode? by parameter()

    fun conditions(init: StepConditions.() -> Unit) = conditions.init()

    override fun json() = super.json() + ("conditions" to conditions.all)
}

/** Page: root/step-conditions/. */
@TeamCityDsl
class StepConditions {
    internal val all = mutableListOf<Map<String, String?>>()

    fun equals(paramName: String, value: String) = add("equals", paramName, value)

    fun doesNotEqual(paramName: String, value: String) = add("does-not-equal", paramName, value)

    fun exists(paramName: String) = add("exists", paramName, null)

    private fun add(type: String, name: String, value: String?) {
        all += mapOf("type" to type, "param" to name, "value" to value)
    }
}
