package jetbrains.buildServer.configs.kotlin

/** Page: root/cleanup/. */
@TeamCityDsl
class Cleanup {
    private val rules = mutableListOf<Map<String, Any?>>()

    fun baseRule(init: BaseRuleWrapper.() -> Unit) = BaseRuleWrapper().init()

    /** Page: root/cleanup/base-rule-wrapper/. Days and builds, of which one has to be given. */
    @TeamCityDsl
    inner class BaseRuleWrapper {
        var preventDependencyCleanup: Boolean? = null

        fun all(days: Int? = null, builds: Int? = null) = add("all", days, builds, null)

        fun history(days: Int? = null, builds: Int? = null) = add("history", days, builds, null)

        fun artifacts(days: Int? = null, builds: Int? = null, artifactPatterns: String? = null) =
            add("artifacts", days, builds, artifactPatterns)

        private fun add(level: String, days: Int?, builds: Int?, patterns: String?) {
            require(days != null || builds != null) { "a clean-up rule has neither days nor builds" }
            this@Cleanup.rules += mapOf("level" to level, "days" to days, "builds" to builds, "patterns" to patterns)
        }
    }

    internal fun json() = rules.toList()
}
