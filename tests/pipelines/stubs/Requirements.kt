package jetbrains.buildServer.configs.kotlin

/** Page: root/requirements/. */
@TeamCityDsl
open class Requirements {
    private val all = mutableListOf<Map<String, String?>>()

    fun exists(param: String, id: String? = null) = add("exists", param, null)

    fun doesNotExist(param: String, id: String? = null) = add("not-exists", param, null)

    fun equals(param: String, value: String, id: String? = null) = add("equals", param, value)

    fun doesNotEqual(param: String, value: String, id: String? = null) = add("does-not-equal", param, value)

    fun contains(param: String, value: String, id: String? = null) = add("contains", param, value)

    fun doesNotContain(param: String, value: String, id: String? = null) = add("does-not-contain", param, value)

    fun startsWith(param: String, value: String, id: String? = null) = add("starts-with", param, value)

    fun endsWith(param: String, value: String, id: String? = null) = add("ends-with", param, value)

    fun matches(param: String, value: String, id: String? = null) = add("matches", param, value)

    fun doesNotMatch(param: String, value: String, id: String? = null) = add("does-not-match", param, value)

    fun moreThan(param: String, value: String, id: String? = null) = add("more-than", param, value)

    fun noMoreThan(param: String, value: String, id: String? = null) = add("no-more-than", param, value)

    fun lessThan(param: String, value: String, id: String? = null) = add("less-than", param, value)

    fun noLessThan(param: String, value: String, id: String? = null) = add("no-less-than", param, value)

    fun moreThanVer(param: String, value: String, id: String? = null) = add("ver-more-than", param, value)

    fun noMoreThanVer(param: String, value: String, id: String? = null) = add("ver-no-more-than", param, value)

    fun lessThanVer(param: String, value: String, id: String? = null) = add("ver-less-than", param, value)

    fun noLessThanVer(param: String, value: String, id: String? = null) = add("ver-no-less-than", param, value)

    private fun add(type: String, param: String, value: String?) {
        all += mapOf("type" to type, "param" to param, "value" to value)
    }

    /** The parameters that an agent has, or the build is not for it. */
    internal fun demanded(): Set<String> = all.filter { it["type"] != "not-exists" }.mapNotNull { it["param"] }.toSet()

    internal fun json() = all.toList()
}

/** Page: root/build-step-conditions/. */
class BuildStepConditions : Requirements()
