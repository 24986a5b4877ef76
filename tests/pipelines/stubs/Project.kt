package jetbrains.buildServer.configs.kotlin

/** Page: root/project/. */
@TeamCityDsl
open class Project() : Validatable {
    var name: String = ""
    var description: String = ""
    private var id: RelativeId? = null
    internal var isMain = false
    private val parameters = ParametrizedWithType()
    private val features = ProjectFeatures()
    private val cleanup = Cleanup()
    private val builds = mutableListOf<BuildType>()
    private val projects = mutableListOf<Project>()

    constructor(init: Project.() -> Unit) : this() {
        init()
    }

    fun id(id: String) {
        this.id = RelativeId(id)
    }

    fun params(init: ParametrizedWithType.() -> Unit) = parameters.init()

    fun features(init: ProjectFeatures.() -> Unit) = features.init()

    fun cleanup(init: Cleanup.() -> Unit) = cleanup.init()

    fun buildType(buildType: BuildType) {
        builds += buildType
    }

    fun buildType(init: BuildType.() -> Unit): BuildType = BuildType(init).also(::buildType)

    fun subProject(project: Project) {
        projects += project
    }

    private fun allBuilds(): List<BuildType> = builds + projects.flatMap { it.allBuilds() }

    override fun validate(consumer: ErrorConsumer) {
        // The settings root's project has its id and its name on the server.
        if (!isMain && (id == null || name.isEmpty())) {
            consumer.consumePropertyError("project", "mandatory 'id' or 'name' property is not specified")
        }
        features.validate(consumer)
        (builds + projects).forEach { it.validate(consumer) }
    }

    /** What only shows when all is there: ids, and what is depended on. */
    internal fun validateWhole(consumer: ErrorConsumer) {
        val all = allBuilds()
        for ((id, same) in all.groupBy { it.ownId }) {
            if (same.size > 1) consumer.consumePropertyError("project", "the id $id is that of ${same.size} builds")
        }
        for (build in all) {
            for (other in build.dependsOn()) {
                if (other !in all) {
                    consumer.consumePropertyError(build.ownId, "depends on ${other.ownId}, which is not registered")
                }
            }
            for (missing in build.referred - build.provided()) {
                consumer.consumePropertyError(build.ownId, "another build refers to its parameter $missing")
            }
        }
    }

    internal fun json(): Map<String, Any?> = mapOf(
        "name" to name,
        "description" to description,
        "params" to parameters.values,
        "features" to features.items(),
        "cleanup" to cleanup.json(),
        "builds" to builds.map { it.json() },
        "projects" to projects.map { it.json() },
    )
}

/** Page: root/project-features/. */
@TeamCityDsl
class ProjectFeatures : Collected<ProjectFeature>() {
    fun feature(feature: ProjectFeature) = add(feature)
}

/** Page: root/project-feature/. */
open class ProjectFeature : Parametrized() {
    var id: String? by parameter()
}
