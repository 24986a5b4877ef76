package jetbrains.buildServer.configs.kotlin

/** Page: root/build-type-settings/. */
@TeamCityDsl
open class BuildTypeSettings {
    /** Page: root/build-type-settings/type/. */
    enum class Type { REGULAR, COMPOSITE, DEPLOYMENT }

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

    fun params(init: ParametrizedWithType.() -> Unit) = parameters.init()

    fun vcs(init: VcsSettings.() -> Unit) = vcsSettings.init()

    fun steps(init: BuildSteps.() -> Unit) = buildSteps.init()

    fun features(init: BuildFeatures.() -> Unit) = buildFeatures.init()

    fun triggers(init: Triggers.() -> Unit) = buildTriggers.init()

    fun failureConditions(init: FailureConditions.() -> Unit) = conditions.init()

    fun dependencies(init: Dependencies.() -> Unit) = depends.init()

    fun requirements(init: Requirements.() -> Unit) = agents.init()

    fun cleanup(init: Cleanup.() -> Unit) = cleanups.init()
}

/** Page: root/build-type/. */
open class BuildType() : BuildTypeSettings(), Validatable {
    private var id: RelativeId? = null
    internal val referred = mutableSetOf<String>()

    constructor(init: BuildType.() -> Unit) : this() {
        init()
    }

    fun id(id: String) {
        this.id = RelativeId(id)
    }

    /** The id, which for an object may be its class's name. */
    internal val ownId: String
        get() = id?.value ?: javaClass.simpleName.takeIf { javaClass != BuildType::class.java }.orEmpty()

    open val depParamRefs: BuildTypeRefs get() = BuildTypeRefs("dep", this)

    internal fun dependsOn(): Set<BuildType> = depends.builds()

    internal fun provided(): Set<String> = parameters.values.keys + "build.number"

    override fun validate(consumer: ErrorConsumer) {
        val where = ownId.ifEmpty { "build type '$name'" }
        val report = ErrorConsumer { place, what -> consumer.consumePropertyError("$where, $place", what) }
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
}
