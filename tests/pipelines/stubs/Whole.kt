package jetbrains.buildServer.configs.kotlin

/** What only shows when all is there: ids, what is depended on, locks that nobody defines. */
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
        }
    }

    private fun unique(what: String, ids: List<String>, consumer: ErrorConsumer) {
        for ((id, same) in ids.groupBy { it }) {
            if (same.size > 1) consumer.consumePropertyError("project", "the id $id is that of ${same.size} $what")
        }
    }

    private fun parametersOf(build: BuildType): Set<String> =
        build.provided() + builds.getValue(build).parameters
}
