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
    var triggerRules: String? by parameter()
    var enforceCleanCheckout: Boolean? by parameter()
    var enableQueueOptimization: Boolean? by parameter()
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

        /** Page: triggers/schedule-trigger/scheduling-policy/cron/. */
        class Cron : SchedulingPolicy() {
            var seconds: String? by parameter()
            var minutes: String? by parameter()
            var hours: String? by parameter()
            var dayOfMonth: String? by parameter()
            var month: String? by parameter()
            var dayOfWeek: String? by parameter()
            var year: String? by parameter()
            var timezone: String? by parameter()
        }
    }

    /** Page: triggers/schedule-trigger/trigger-build/. */
    sealed class TriggerBuild : CompoundParam() {
        class Always : TriggerBuild()
    }

    fun daily(init: SchedulingPolicy.Daily.() -> Unit = {}) = SchedulingPolicy.Daily().apply(init)

    fun weekly(init: SchedulingPolicy.Weekly.() -> Unit = {}) = SchedulingPolicy.Weekly().apply(init)

    fun cron(init: SchedulingPolicy.Cron.() -> Unit = {}) = SchedulingPolicy.Cron().apply(init)

    fun always() = TriggerBuild.Always()
}

fun Triggers.schedule(init: ScheduleTrigger.() -> Unit): ScheduleTrigger = ScheduleTrigger(init).also(::trigger)
