// Stubs of TeamCity's Kotlin DSL, 2024.12 to 2025.11, as its published documentation describes it: the
// parts that the pipelines use, as strict as a server is or stricter. "Page" names where it is
// documented, below https://www.jetbrains.com/help/teamcity/kotlin-dsl-documentation/.
package jetbrains.buildServer.configs.kotlin

/** Page: root/version.html. */
var version: String = ""

val KNOWN_VERSIONS = setOf("2024.12", "2025.03", "2025.07", "2025.11")

@DslMarker
annotation class TeamCityDsl

/** Page: root/project.html. A script calls it once. */
fun project(project: Project) {
    check(Recorder.project == null) { "settings.kts calls project() more than once" }
    check(version in KNOWN_VERSIONS) { "version is \"$version\": set one of $KNOWN_VERSIONS before project()" }
    Recorder.project = project
}

fun project(init: Project.() -> Unit) = project(Project(init).apply { isMain = true })

/** What the script has described, for the one who has run it. */
object Recorder {
    internal var project: Project? = null

    fun faults(): List<String> {
        val main = project ?: return listOf("settings.kts does not call project()")
        val faults = mutableListOf<String>()
        main.validate(ErrorConsumer { where, what -> faults += "$where: $what" })
        main.validateWhole(ErrorConsumer { where, what -> faults += "$where: $what" })
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
data class RelativeId(val value: String) {
    init {
        require(Regex("[A-Za-z][A-Za-z0-9_]{0,224}").matches(value)) {
            "\"$value\" is no id: latin letters, digits and underscores, first a letter"
        }
    }
}

/** Page: root/dsl-context/. */
object DslContext {
    val settingsRoot = VcsRoot("settings root")
    fun getParameter(name: String, defaultValue: String): String = defaultValue
}

/** Page: root/vcs-root/. */
open class VcsRoot(val name: String)
