// Stubs of TeamCity's Kotlin DSL, 2024.12 to 2026.2, as its published documentation describes it: the
// parts that pipelines use, as strict as a server is or stricter. "Page" names where it is
// documented, below https://www.jetbrains.com/help/teamcity/kotlin-dsl-documentation/.
package jetbrains.buildServer.configs.kotlin

/** Page: root/version.html. */
var version: String = ""

val KNOWN_VERSIONS = setOf("2024.12", "2025.03", "2025.07", "2025.11", "2026.1", "2026.2")

@DslMarker
annotation class TeamCityDsl

/** Page: root/project.html. A script calls it once. */
fun project(project: Project) {
    check(Recorder.project == null) { "settings.kts calls project() more than once" }
    check(version in KNOWN_VERSIONS) { "version is \"$version\": set one of $KNOWN_VERSIONS before project()" }
    project.isMain = true
    Recorder.project = project
}

fun project(init: Project.() -> Unit) = project(Project(init))

/** What the script has described, for the one who has run it. */
object Recorder {
    internal var project: Project? = null

    fun faults(): List<String> {
        val main = project ?: return listOf("settings.kts does not call project()")
        val faults = mutableListOf<String>()
        main.validate(ErrorConsumer { where, what -> faults += "$where: $what" })
        Whole(main).validate(ErrorConsumer { where, what -> faults += "$where: $what" })
        return faults
    }

    fun json(): Map<String, Any?> = mapOf("version" to version) + checkNotNull(project).json()
}

/** Page: root/error-consumer/. */
class ErrorConsumer(private val report: (String, String) -> Unit) {
    fun consumePropertyError(propertyPath: String, message: String) = report(propertyPath, message)
}

interface Validatable {
    fun validate(consumer: ErrorConsumer)
}

/** Page: root/id/. */
abstract class Id {
    abstract val value: String

    override fun toString() = value
}

/** Page: root/relative-id/. The project's id comes before it. */
data class RelativeId(override val value: String) : Id() {
    init {
        requireId(value)
    }

    override fun toString() = value
}

/** Page: root/absolute-id/. */
data class AbsoluteId(override val value: String) : Id() {
    init {
        requireId(value)
    }

    override fun toString() = value
}

private fun requireId(value: String) = require(Regex("[A-Za-z][A-Za-z0-9_]{0,224}").matches(value)) {
    "\"$value\" is no id: latin letters, digits and underscores, first a letter"
}

/** Page: root/dsl-context/. */
object DslContext {
    /** The VCS root that the settings come from. A server gives it its id. */
    val settingsRoot: VcsRoot = VcsRoot().apply {
        id("SettingsRoot")
        name = "settings root"
    }

    val settingsRootId: AbsoluteId = AbsoluteId("SettingsRoot")

    val projectId: AbsoluteId = AbsoluteId("Settings")

    /** Of the server; without it, no settings are taken from there. Page: root/dsl-context/get-parameter.html. */
    fun getParameter(name: String): String = "the context parameter $name"

    fun getParameter(name: String, defaultValue: String): String = defaultValue
}
