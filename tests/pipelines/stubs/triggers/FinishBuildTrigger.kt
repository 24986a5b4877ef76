package jetbrains.buildServer.configs.kotlin.triggers

import jetbrains.buildServer.configs.kotlin.Trigger
import jetbrains.buildServer.configs.kotlin.Triggers

/** Page: triggers/finish-build-trigger/. */
open class FinishBuildTrigger() : Trigger() {
    constructor(init: FinishBuildTrigger.() -> Unit) : this() {
        init()
    }

    /** The id of a build, as "${Build.id}" says it. */
    var buildType: String? by parameter()
    var successfulOnly: Boolean? by parameter()
    var branchFilter: String? by parameter()
    override val mandatory = listOf("buildType")
}

fun Triggers.finishBuildTrigger(init: FinishBuildTrigger.() -> Unit): FinishBuildTrigger =
    FinishBuildTrigger(init).also(::trigger)
