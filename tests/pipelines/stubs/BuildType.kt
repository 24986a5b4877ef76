package jetbrains.buildServer.configs.kotlin

/** Page: root/build-type-settings/. */
@TeamCityDsl
open class BuildTypeSettings {
    /** Page: root/build-type-settings/type/. */
    enum class Type { REGULAR, COMPOSITE, DEPLOYMENT }

    /** For an object that is given none, the name of its class. */
    var id: Id? = null
        get() = field ?: javaClass.takeIf { it !in WITHOUT_NAME }?.let { RelativeId(it.simpleName) }
    var name: String = ""
    var description: String = ""
    var type: Type = Type.REGULAR
    var artifactRules: String = ""
    var buildNumberPattern: String = "%build.counter%"
    var maxRunningBuilds: Int = 0
    var allowExternalStatus: Boolean = false
    var enablePersonalBuilds: Boolean = true

    protected val parameters = ParametrizedWithType()
    protected val vcsSettings = VcsSettings()
    protected val buildSteps = BuildSteps()
    protected val buildFeatures = BuildFeatures()
    protected val buildTriggers = Triggers()
    protected val conditions = FailureConditions()
    protected val depends = Dependencies()
    protected val agents = Requirements()
    protected val cleanups = Cleanup()

    fun id(id: String) {
        this.id = RelativeId(id)
    }

    internal val ownId: String get() = id?.value.orEmpty()

    internal open val templates: List<Template> get() = emptyList()

    fun params(init: ParametrizedWithType.() -> Unit) = parameters.init()

    fun vcs(init: VcsSettings.() -> Unit) = vcsSettings.init()

    fun steps(init: BuildSteps.() -> Unit) = buildSteps.init()

    fun features(init: BuildFeatures.() -> Unit) = buildFeatures.init()

    fun triggers(init: Triggers.() -> Unit) = buildTriggers.init()

    fun failureConditions(init: FailureConditions.() -> Unit) = conditions.init()

    fun dependencies(init: Dependencies.() -> Unit) = depends.init()

    fun requirements(init: Requirements.() -> Unit) = agents.init()

    fun cleanup(init: Cleanup.() -> Unit) = cleanups.init()

    internal fun dependsOn(): Set<BuildType> = depends.builds() + templates.flatMap { it.dependsOn() }

    internal fun inChain(): Set<BuildType> = depends.inChain() + templates.flatMap { it.inChain() }

    internal fun provided(): Set<String> =
        parameters.values.keys + templates.flatMap { it.provided() } +
            buildFeatures.all().filterIsInstance<MatrixFeature>().flatMap { it.parameters() }

    internal fun demanded(): Set<String> = agents.demanded() + templates.flatMap { it.demanded() }

    internal fun locks(): Set<String> =
        buildFeatures.all().filterIsInstance<SharedResources>().flatMap { it.locks.keys }.toSet()

    internal fun roots(): List<VcsRoot> = vcsSettings.attached

    protected fun validateParts(report: ErrorConsumer) {
        if (ownId.isEmpty()) report.consumePropertyError("id", "mandatory 'id' property is not specified")
        if (name.isEmpty()) report.consumePropertyError("name", "mandatory 'name' property is not specified")
        if (type == Type.COMPOSITE && !buildSteps.isEmpty) {
            report.consumePropertyError("steps", "a composite build runs none")
        }
        for (part in listOf(vcsSettings, buildSteps, buildFeatures, buildTriggers, conditions, depends)) {
            part.validate(report)
        }
    }

    internal fun json(): Map<String, Any?> = mapOf(
        "id" to ownId,
        "name" to name,
        "description" to description,
        "type" to type.name,
        "artifactRules" to artifactRules,
        "buildNumberPattern" to buildNumberPattern,
        "maxRunningBuilds" to maxRunningBuilds,
        "enablePersonalBuilds" to enablePersonalBuilds,
        "templates" to templates.map { it.ownId },
        "params" to parameters.values,
        "vcs" to vcsSettings.json(),
        "steps" to buildSteps.items(),
        "features" to buildFeatures.items(),
        "triggers" to buildTriggers.items(),
        "failureConditions" to conditions.json(),
        "dependencies" to depends.json(),
        "requirements" to agents.json(),
        "cleanup" to cleanups.json(),
    )

    private companion object {
        val WITHOUT_NAME = setOf(BuildType::class.java, Template::class.java)
    }
}

/** Page: root/build-type/. */
open class BuildType() : BuildTypeSettings(), Validatable {
    internal val referred = mutableSetOf<String>()
    private val made = mutableListOf<Template>()
    override val templates: List<Template> get() = made

    constructor(init: BuildType.() -> Unit) : this() {
        init()
    }

    /** The settings of templates, the first one's before the others'. Page: root/build-type/templates.html. */
    fun templates(vararg templates: Template) {
        made += templates
    }

    open val depParamRefs: BuildTypeRefs get() = BuildTypeRefs("dep", this)

    override fun validate(consumer: ErrorConsumer) {
        val where = ownId.ifEmpty { "build type '$name'" }
        validateParts(ErrorConsumer { place, what -> consumer.consumePropertyError("$where, $place", what) })
    }
}

/** Page: root/template/. */
open class Template() : BuildTypeSettings(), Validatable {
    constructor(init: Template.() -> Unit) : this() {
        init()
    }

    override fun validate(consumer: ErrorConsumer) {
        val where = ownId.ifEmpty { "template '$name'" }
        validateParts(ErrorConsumer { place, what -> consumer.consumePropertyError("$where, $place", what) })
    }
}
