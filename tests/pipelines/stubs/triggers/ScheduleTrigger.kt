package jetbrains.buildServer.configs.kotlin.triggers

import jetbrains.buildServer.configs.kotlin.CompoundParam
import jetbrains.buildServer.configs.kotlin.Trigger
import jetbrains.buildServer.configs.kotlin.Triggers

/** Page: triggers/schedule-trigger/. */
open class ScheduleTrigger() : Trigger() {
    constructor(init: ScheduleTrigger.() -> Unit) : this() {
        init()
    }

    /** Page: triggers/schedule-trigger/d-a-y/. */
    enum class DAY { Sunday, Monday, Tuesday, Wednesday, Thursday, Friday, Saturday }

    var schedulingPolicy: SchedulingPolicy? by parameter()
    var branchFilter: String? by parameter()
    var triggerBuild: TriggerBuild? by parameter()
    var withPendingChangesOnly: Boolean? by parameter()
    override val mandatory = listOf("schedulingPolicy")

    /** Page: triggers/schedule-trigger/scheduling-policy/. */
    sealed class SchedulingPolicy : CompoundParam() {
        class Daily : SchedulingPolicy() {
            var hour: Int? by parameter()
            var minute: Int? by parameter()
            var timezone: String? by parameter()
        }

        class Weekly : SchedulingPolicy() {
            var dayOfWeek: DAY? by parameter()
            var hour: Int? by parameter()
            var minute: Int? by parameter()
            var timezone: String? by parameter()
        }
    }

    /** Page: triggers/schedule-trigger/trigger-build/. */
    sealed class TriggerBuild : CompoundParam() {
        class Always : TriggerBuild()
    }

    fun daily(init: SchedulingPolicy.Daily.() -> Unit = {}) = SchedulingPolicy.Daily().apply(init)

    fun weekly(init: SchedulingPolicy.Weekly.() -> Unit = {}) = SchedulingPolicy.Weekly().apply(init)

    fun always() = TriggerBuild.Always()
}

fun Triggers.schedule(init: ScheduleTrigger.() -> Unit): ScheduleTrigger = ScheduleTrigger(init).also(::trigger)
