package jetbrains.buildServer.configs.kotlin

/** Page: root/parameter-display/. */
enum class ParameterDisplay { NORMAL, HIDDEN, PROMPT }

/** Page: root/parametrized-with-type/. */
@TeamCityDsl
open class ParametrizedWithType {
    internal val values = linkedMapOf<String, Map<String, Any?>>()

    fun param(name: String, value: String, type: String? = null, vararg arguments: Pair<String, String>) =
        add(name, value, type ?: "plain", arguments.toMap())

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
    ) {
        val checked = mapOf("regex" to regex, "validationMessage" to validationMessage, "allowEmpty" to allowEmpty)
        add(name, value, "text", shown(label, description, display, readOnly) + checked)
    }

    fun password(
        name: String,
        value: String,
        label: String = "",
        description: String = "",
        display: ParameterDisplay = ParameterDisplay.NORMAL,
        readOnly: Boolean = false,
    ) = add(name, value, "password", shown(label, description, display, readOnly))

    fun checkbox(
        name: String,
        value: String,
        label: String = "",
        description: String = "",
        display: ParameterDisplay = ParameterDisplay.NORMAL,
        readOnly: Boolean = false,
        checked: String = "",
        unchecked: String = "",
    ) {
        val values = mapOf("checked" to checked, "unchecked" to unchecked)
        add(name, value, "checkbox", shown(label, description, display, readOnly) + values)
    }

    fun select(
        name: String,
        value: String,
        label: String = "",
        description: String = "",
        display: ParameterDisplay = ParameterDisplay.NORMAL,
        readOnly: Boolean = false,
        allowMultiple: Boolean = false,
        valueSeparator: String? = null,
        options: List<Any> = emptyList(),
    ) = add(name, value, "select", shown(label, description, display, readOnly) + ("options" to options))

    private fun shown(label: String, description: String, display: ParameterDisplay, readOnly: Boolean) = mapOf(
        "label" to label,
        "description" to description,
        "display" to display.name,
        "readOnly" to readOnly,
    )

    private fun add(name: String, value: String, type: String, more: Map<String, Any?> = emptyMap()) {
        require(name.isNotBlank()) { "a parameter has no name" }
        require(name !in values) { "the parameter $name is set twice" }
        values[name] = mapOf("value" to value, "type" to type) + more
    }
}

/** Page: root/parameter-ref/. */
class ParameterRef(val name: String) {
    val ref: String get() = "%$name%"

    override fun toString() = ref
}

/** Page: root/build-type-refs/. */
open class BuildTypeRefs(private val prefix: String, private val buildType: BuildType) {
    val buildNumber: ParameterRef get() = this["build.number"]

    operator fun get(paramName: String): ParameterRef {
        buildType.referred += paramName
        return ParameterRef("$prefix.${buildType.ownId}.$paramName")
    }

    operator fun get(ref: ParameterRef): ParameterRef = this[ref.name]
}
