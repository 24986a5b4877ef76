package jetbrains.buildServer.configs.kotlin.buildSteps

import jetbrains.buildServer.configs.kotlin.BuildStep
import jetbrains.buildServer.configs.kotlin.BuildSteps
import jetbrains.buildServer.configs.kotlin.CompoundParam
import jetbrains.buildServer.configs.kotlin.ErrorConsumer

/** Page: buildSteps/docker-command-step/. No pipeline of the template has one; a service's own may. */
open class DockerCommandStep() : BuildStep() {
    constructor(init: DockerCommandStep.() -> Unit) : this() {
        init()
    }

    var commandType: CommandType? by parameter()
    override val mandatory = listOf("commandType")

    /** Page: buildSteps/docker-command-step/command-type/. */
    sealed class CommandType : CompoundParam() {
        class Build : CommandType() {
            var source: Source? by parameter()
            var namesAndTags: String? by parameter()
            var commandArgs: String? by parameter()
            override val mandatory = listOf("source")

            fun file(init: Source.File.() -> Unit = {}) = Source.File().apply(init)
        }

        class Push : CommandType() {
            var namesAndTags: String? by parameter()
            var removeImageAfterPush: Boolean? by parameter()
            override val mandatory = listOf("namesAndTags")

            override fun validate(consumer: ErrorConsumer) {
                super.validate(consumer)
                for (name in namesAndTags.orEmpty().lines().filter { it.isNotBlank() }) {
                    if (':' !in name.substringAfterLast('/')) {
                        consumer.consumePropertyError("push", "$name has no tag")
                    }
                }
            }
        }
    }

    /** Page: buildSteps/docker-command-step/command-type/build/source/. */
    sealed class Source : CompoundParam() {
        class File : Source() {
            var path: String? by parameter()
            override val mandatory = listOf("path")
        }
    }

    fun build(init: CommandType.Build.() -> Unit = {}) = CommandType.Build().apply(init)

    fun push(init: CommandType.Push.() -> Unit = {}) = CommandType.Push().apply(init)
}

fun BuildSteps.dockerCommand(init: DockerCommandStep.() -> Unit): DockerCommandStep =
    DockerCommandStep(init).also(::step)
