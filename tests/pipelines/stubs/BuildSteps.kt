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

    private val stepConditions = BuildStepConditions()

    var id: String? by parameter()
    var name: String? by parameter()
    var enabled: Boolean? by parameter()
    var executionMode: ExecutionMode? by parameter()

    fun conditions(init: BuildStepConditions.() -> Unit) = stepConditions.init()

    override fun json() = super.json() + ("conditions" to stepConditions.json())
}
