package jetbrains.buildServer.configs.kotlin.projectFeatures

import jetbrains.buildServer.configs.kotlin.ProjectFeature
import jetbrains.buildServer.configs.kotlin.ProjectFeatures

/** Page: projectFeatures/build-report-tab/. */
open class BuildReportTab() : ProjectFeature() {
    constructor(init: BuildReportTab.() -> Unit) : this() {
        init()
    }

    var title: String? by parameter()
    var startPage: String? by parameter()
    override val mandatory = listOf("title", "startPage")
}

fun ProjectFeatures.buildReportTab(init: BuildReportTab.() -> Unit): BuildReportTab =
    BuildReportTab(init).also(::feature)
