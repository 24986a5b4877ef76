package jetbrains.buildServer.configs.kotlin.buildSteps

import jetbrains.buildServer.configs.kotlin.BuildStep
import jetbrains.buildServer.configs.kotlin.BuildSteps

/** Page: buildSteps/script-build-step/. */
open class ScriptBuildStep() : BuildStep() {
    constructor(init: ScriptBuildStep.() -> Unit) : this() {
        init()
    }

    var scriptContent: String? by parameter()
    var workingDir: String? by parameter()
    var formatStderrAsError: Boolean? by parameter()
    override val mandatory = listOf("scriptContent")
}

fun BuildSteps.script(init: ScriptBuildStep.() -> Unit): ScriptBuildStep = ScriptBuildStep(init).also(::step)
