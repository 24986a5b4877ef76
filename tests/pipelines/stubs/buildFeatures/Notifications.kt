package jetbrains.buildServer.configs.kotlin.buildFeatures

import jetbrains.buildServer.configs.kotlin.BuildFeature
import jetbrains.buildServer.configs.kotlin.BuildFeatures
import jetbrains.buildServer.configs.kotlin.CompoundParam

/** Page: buildFeatures/notifications/. */
open class Notifications() : BuildFeature() {
    constructor(init: Notifications.() -> Unit) : this() {
        init()
    }

    var notifierSettings: NotifierSettings? by parameter()
    var branchFilter: String? by parameter()
    var buildFailed: Boolean? by parameter()
    var buildFailedToStart: Boolean? by parameter()
    var buildStarted: Boolean? by parameter()
    var buildProbablyHanging: Boolean? by parameter()
    var buildFinishedSuccessfully: Boolean? by parameter()
    var firstFailureAfterSuccess: Boolean? by parameter()
    var firstSuccessAfterFailure: Boolean? by parameter()
    var queuedBuildRequiresApproval: Boolean? by parameter()
    override val mandatory = listOf("notifierSettings")

    /** Page: buildFeatures/notifications/notifier-settings/. */
    sealed class NotifierSettings : CompoundParam() {
        class EmailNotifier : NotifierSettings() {
            var email: String? by parameter()
            override val mandatory = listOf("email")
        }

        class SlackNotifier : NotifierSettings() {
            var connection: String? by parameter()
            var sendTo: String? by parameter()
            var messageFormat: MessageFormat? by parameter()
            override val mandatory = listOf("connection", "sendTo")

            /** Page: buildFeatures/notifications/notifier-settings/slack-notifier/message-format/. */
            sealed class MessageFormat : CompoundParam() {
                class SimpleMessageFormat : MessageFormat()
            }

            fun simpleMessageFormat() = MessageFormat.SimpleMessageFormat()
        }
    }

    fun emailNotifier(init: NotifierSettings.EmailNotifier.() -> Unit = {}) =
        NotifierSettings.EmailNotifier().apply(init)

    fun slackNotifier(init: NotifierSettings.SlackNotifier.() -> Unit = {}) =
        NotifierSettings.SlackNotifier().apply(init)
}

fun BuildFeatures.notifications(init: Notifications.() -> Unit): Notifications = Notifications(init).also(::feature)
