package pipeline

import jetbrains.buildServer.configs.kotlin.BuildSteps
import jetbrains.buildServer.configs.kotlin.buildSteps.ScriptBuildStep
import jetbrains.buildServer.configs.kotlin.buildSteps.script

// Each step is a command that a developer can type, and no more than that.

/** Makes .venv; quick where an agent has it from an earlier build. */
fun BuildSteps.install() = command("Install", "./bootstrap")

/** Runs some of the service's tasks. */
fun BuildSteps.tasks(
    service: Service,
    what: String,
    words: String,
    init: ScriptBuildStep.() -> Unit = {},
) = command(what, "${service.command} $words", init)

fun BuildSteps.command(what: String, line: String, init: ScriptBuildStep.() -> Unit = {}) = script {
    name = what
    scriptContent = line
    init()
}
