package jetbrains.buildServer.configs.kotlin

/** Page: root/project/. */
@TeamCityDsl
open class Project() : Validatable {
    /** For an object that is given none, the name of its class. */
    var id: Id? = null
        get() = field ?: javaClass.takeIf { it != Project::class.java }?.let { RelativeId(it.simpleName) }
    var name: String = ""
    var description: String = ""
    internal var isMain = false
    internal val parameters = ParametrizedWithType()
    internal val builds = mutableListOf<BuildType>()
    internal val templates = mutableListOf<Template>()
    internal val roots = mutableListOf<VcsRoot>()
    internal val projects = mutableListOf<Project>()
    private val features = ProjectFeatures()
    private val cleanup = Cleanup()

    constructor(init: Project.() -> Unit) : this() {
        init()
    }

    fun id(id: String) {
        this.id = RelativeId(id)
    }

    internal val ownId: String get() = id?.value.orEmpty()

    fun params(init: ParametrizedWithType.() -> Unit) = parameters.init()

    fun features(init: ProjectFeatures.() -> Unit) = features.init()

    fun cleanup(init: Cleanup.() -> Unit) = cleanup.init()

    fun vcsRoot(vcsRoot: VcsRoot): VcsRoot = vcsRoot.also { roots += it }

    fun template(template: Template): Template = template.also { templates += it }

    fun template(init: Template.() -> Unit): Template = template(Template(init))

    fun buildType(buildType: BuildType): BuildType = buildType.also { builds += it }

    fun buildType(init: BuildType.() -> Unit): BuildType = buildType(BuildType(init))

    fun subProject(project: Project): Project = project.also { projects += it }

    fun subProject(init: Project.() -> Unit): Project = subProject(Project(init))

    internal fun resources(): Set<String> =
        features.all().filterIsInstance<SharedResource>().mapNotNull { it.name }.toSet()

    override fun validate(consumer: ErrorConsumer) {
        // The settings root's project has its id and its name on the server.
        if (!isMain && (ownId.isEmpty() || name.isEmpty())) {
            consumer.consumePropertyError("project", "mandatory 'id' or 'name' property is not specified")
        }
        features.validate(consumer)
        (roots + templates + builds + projects).forEach { it.validate(consumer) }
    }

    internal fun json(): Map<String, Any?> = mapOf(
        "id" to ownId,
        "name" to name,
        "description" to description,
        "params" to parameters.values,
        "features" to features.items(),
        "cleanup" to cleanup.json(),
        "vcsRoots" to roots.map { it.json() },
        "templates" to templates.map { it.json() },
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
