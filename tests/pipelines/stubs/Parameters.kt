package jetbrains.buildServer.configs.kotlin

/** Page: root/parameter-display/. */
enum class ParameterDisplay { NORMAL, HIDDEN, PROMPT }

/** Page: root/parametrized-with-type/. */
@TeamCityDsl
open class ParametrizedWithType {
    internal val values = linkedMapOf<String, Map<String, Any?>>()

    fun param(name: String, value: String) = add(name, value, "plain")

    fun text(
        name: String,
        value: String,
        label: String = "",
        description: String = "",
        display: ParameterDisplay = ParameterDisplay.NORMAL,
        readOnly: Boolean = false,
        regex: String? = null,
        validationMessage: String? = null,
        allowEmpty: Boolean? = null,
        allowMultiple: Boolean? = null,
    ) = add(name, value, "text")

    fun password(
        name: String,
        value: String,
        label: String = "",
        description: String = "",
        display: ParameterDisplay = ParameterDisplay.NORMAL,
        readOnly: Boolean = false,
    ) = add(name, value, "password")

    private fun add(name: String, value: String, type: String) {
        require(name.isNotBlank()) { "a parameter has no name" }
        require(name !in values) { "the parameter $name is set twice" }
        values[name] = mapOf("value" to value, "type" to type)
    }
}

/** Page: root/parameter-ref/. */
class ParameterRef(private val name: String) {
    override fun toString() = "%$name%"
}

/** Page: root/build-type-refs/. */
open class BuildTypeRefs(private val prefix: String, private val buildType: BuildType) {
    val buildNumber: ParameterRef get() = this["build.number"]

    operator fun get(paramName: String): ParameterRef {
        buildType.referred += paramName
        return ParameterRef("$prefix.${buildType.ownId}.$paramName")
    }
}
