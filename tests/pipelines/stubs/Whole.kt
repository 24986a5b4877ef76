package jetbrains.buildServer.configs.kotlin

/** What only shows when all is there: ids, what is depended on, parameters and locks that nobody defines. */
internal class Whole(private val main: Project) {
    private val builds = mutableMapOf<BuildType, Scope>()
    private val projects = mutableListOf<Project>()

    /** What a build has from the projects that it is in. */
    private class Scope(val parameters: Set<String>, val resources: Set<String>, val templates: Set<Template>)

    init {
        enter(main, Scope(emptySet(), emptySet(), emptySet()))
    }

    private fun enter(project: Project, above: Scope) {
        val scope = Scope(
            above.parameters + project.parameters.values.keys,
            above.resources + project.resources(),
            above.templates + project.templates,
        )
        projects += project
        project.builds.forEach { builds[it] = scope }
        project.projects.forEach { enter(it, scope) }
    }

    fun validate(consumer: ErrorConsumer) {
        val all = projects.flatMap { it.builds }
        unique("builds", all.map { it.ownId }, consumer)
        unique("projects", projects.filter { it !== main }.map { it.ownId }, consumer)
        for ((build, scope) in builds) {
            val report = { what: String -> consumer.consumePropertyError(build.ownId, what) }
            for (other in build.dependsOn()) {
                if (other !in builds) report("depends on ${other.ownId}, which is not registered")
            }
            for (template in build.templates) {
                if (template !in scope.templates) report("its template ${template.ownId} is not registered")
            }
            for (root in build.roots()) {
                if (root !== DslContext.settingsRoot && projects.none { root in it.roots }) {
                    report("its VCS root ${root.ownId} is not registered")
                }
            }
            for (lock in build.locks() - scope.resources) {
                report("it locks $lock, which no project above it has")
            }
            for (missing in build.referred - parametersOf(build) - "build.number") {
                report("another build refers to its parameter $missing")
            }
            for (name in references(build.json())) {
                if (!isKnown(name, build)) {
                    report("nobody defines %$name%: a server finds no agent for it, and the build waits for ever")
                }
            }
        }
    }

    private fun unique(what: String, ids: List<String>, consumer: ErrorConsumer) {
        for ((id, same) in ids.groupBy { it }) {
            if (same.size > 1) consumer.consumePropertyError("project", "the id $id is that of ${same.size} $what")
        }
    }

    private fun parametersOf(build: BuildType): Set<String> =
        build.provided() + builds.getValue(build).parameters

    /** Whether a build starts: somebody defines the parameter, or an agent that has it is asked for. */
    private fun isKnown(name: String, build: BuildType): Boolean {
        if (name in parametersOf(build) || name in build.demanded() || isPredefined(name)) return true
        val (prefix, id, parameter) = name.split(".", limit = 3).takeIf { it.size == 3 } ?: return false
        val other = builds.keys.find { it.ownId == id } ?: return false
        if (prefix != "dep" || other !in build.dependsOn() + chain(build)) return false
        return parameter in parametersOf(other) || isPredefined(parameter)
    }

    private fun chain(build: BuildType): Set<BuildType> =
        build.inChain().flatMap { chain(it) + it }.toSet()

    private fun references(value: Any?): Set<String> = when (value) {
        is String -> REFERENCE.findAll(value).map { it.groupValues[1] }.filter { it.isNotEmpty() }.toSet()
        is Map<*, *> -> value.values.flatMap(::references).toSet()
        is Iterable<*> -> value.flatMap(::references).toSet()
        else -> emptySet()
    }

    private companion object {
        /** %% is a percent sign. */
        val REFERENCE = Regex("%%|%([A-Za-z][A-Za-z0-9_.*-]*)%")

        /** Page: https://www.jetbrains.com/help/teamcity/predefined-build-parameters.html. */
        val PREDEFINED = Regex(
            """build\.(number|counter|id|vcs\.number.*|is\.personal)|vcsroot\..+|agent\..+|""" +
                """teamcity\.(agent|build|pullRequest|auth|project|version|serverUrl|tool).*|""" +
                """system\.(agent|teamcity|build)\..+|env\.(TEAMCITY|BUILD)_.+"""
        )

        fun isPredefined(name: String) = PREDEFINED.matches(name)
    }
}
