package jetbrains.buildServer.configs.kotlin.triggers

import jetbrains.buildServer.configs.kotlin.Trigger
import jetbrains.buildServer.configs.kotlin.Triggers

/** Page: triggers/vcs-trigger/. */
open class VcsTrigger() : Trigger() {
    constructor(init: VcsTrigger.() -> Unit) : this() {
        init()
    }

    /** Page: triggers/vcs-trigger/quiet-period-mode/. */
    enum class QuietPeriodMode { DO_NOT_USE, USE_DEFAULT, USE_CUSTOM }

    var branchFilter: String? by parameter()
    var triggerRules: String? by parameter()
    var perCheckinTriggering: Boolean? by parameter()
    var watchChangesInDependencies: Boolean? by parameter()
    var quietPeriodMode: QuietPeriodMode? by parameter()
    var quietPeriod: Int? by parameter()
}

fun Triggers.vcs(init: VcsTrigger.() -> Unit = {}): VcsTrigger = VcsTrigger(init).also(::trigger)
