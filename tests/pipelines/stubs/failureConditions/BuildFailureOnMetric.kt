package jetbrains.buildServer.configs.kotlin.failureConditions

import jetbrains.buildServer.configs.kotlin.CompoundParam
import jetbrains.buildServer.configs.kotlin.FailureCondition
import jetbrains.buildServer.configs.kotlin.FailureConditions

/** Page: failureConditions/build-failure-on-metric/. */
open class BuildFailureOnMetric() : FailureCondition() {
    constructor(init: BuildFailureOnMetric.() -> Unit) : this() {
        init()
    }

    /** Page: failureConditions/build-failure-on-metric/metric-type/: those that these pipelines could use. */
    enum class MetricType {
        ARTIFACT_SIZE, BUILD_DURATION, COVERAGE_LINE_COUNT, COVERAGE_LINE_PERCENTAGE,
        COVERAGE_STATEMENT_PERCENTAGE, TEST_COUNT, TEST_FAILED_COUNT, TEST_IGNORED_COUNT,
    }

    /** Page: failureConditions/build-failure-on-metric/metric-unit/. */
    enum class MetricUnit { DEFAULT_UNIT, PERCENTS }

    /** Page: failureConditions/build-failure-on-metric/metric-comparison/. */
    enum class MetricComparison { MORE, LESS, DIFF }

    var metric: MetricType? by parameter()
    var threshold: Int? by parameter()
    var units: MetricUnit? by parameter()
    var comparison: MetricComparison? by parameter()
    var compareTo: CompareTo? by parameter()
    override val mandatory = listOf("metric", "comparison", "compareTo")

    /** Page: failureConditions/build-failure-on-metric/compare-to/. */
    sealed class CompareTo : CompoundParam() {
        class Value : CompareTo()

        class Build : CompareTo() {
            var buildRule: BuildRule? by parameter()
            override val mandatory = listOf("buildRule")

            /** Page: failureConditions/build-failure-on-metric/compare-to/build/build-rule/. */
            sealed class BuildRule : CompoundParam() {
                class LastSuccessful : BuildRule()

                class LastFinished : BuildRule()
            }

            fun lastSuccessful() = BuildRule.LastSuccessful()

            fun lastFinished() = BuildRule.LastFinished()
        }
    }

    fun build(init: CompareTo.Build.() -> Unit = {}) = CompareTo.Build().apply(init)

    fun value() = CompareTo.Value()
}

fun FailureConditions.failOnMetricChange(init: BuildFailureOnMetric.() -> Unit): BuildFailureOnMetric =
    BuildFailureOnMetric(init).also(::failureCondition)
