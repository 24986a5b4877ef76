package jetbrains.buildServer.configs.kotlin

/** Page: root/failure-action/. */
enum class FailureAction { IGNORE, ADD_PROBLEM, FAIL_TO_START, CANCEL }

/** Page: root/reuse-builds/. */
enum class ReuseBuilds { NO, SUCCESSFUL, ANY }

/** Page: root/dependencies/. */
@TeamCityDsl
class Dependencies : Validatable {
    private val snapshots = linkedMapOf<BuildType, SnapshotDependency>()
    private val artifacts = mutableListOf<Pair<BuildType, ArtifactDependency>>()

    /** Both kinds of dependency on one build. Page: root/dependencies/dependency.html. */
    fun dependency(buildType: BuildType, init: Dependency.() -> Unit) = Dependency(buildType).init()

    /** Page: root/dependency/. */
    @TeamCityDsl
    inner class Dependency(private val buildType: BuildType) {
        fun snapshot(init: SnapshotDependency.() -> Unit = {}) = this@Dependencies.snapshot(buildType, init)

        fun artifacts(init: ArtifactDependency.() -> Unit) = this@Dependencies.artifacts(buildType, init)
    }

    fun snapshot(buildType: BuildType, init: SnapshotDependency.() -> Unit = {}) {
        require(buildType !in snapshots) { "depends on ${buildType.ownId} twice" }
        snapshots[buildType] = SnapshotDependency().apply(init)
    }

    fun artifacts(buildType: BuildType, init: ArtifactDependency.() -> Unit) {
        artifacts += buildType to ArtifactDependency().apply(init)
    }

    internal fun inChain(): Set<BuildType> = snapshots.keys

    internal fun builds(): Set<BuildType> = snapshots.keys + artifacts.map { it.first }

    override fun validate(consumer: ErrorConsumer) = artifacts.forEach { it.second.validate(consumer) }

    internal fun json() = mapOf(
        "snapshots" to snapshots.map { (build, how) -> mapOf("build" to build.ownId) + how.json() },
        "artifacts" to artifacts.map { (build, what) -> mapOf("build" to build.ownId) + what.json() },
    )
}

/** Page: root/snapshot-dependency/, with its defaults. */
@TeamCityDsl
class SnapshotDependency {
    var runOnSameAgent: Boolean = false
    var synchronizeRevisions: Boolean = true
    var reuseBuilds: ReuseBuilds = ReuseBuilds.SUCCESSFUL
    var onDependencyFailure: FailureAction = FailureAction.ADD_PROBLEM
    var onDependencyCancel: FailureAction = FailureAction.ADD_PROBLEM

    internal fun json() = mapOf(
        "runOnSameAgent" to runOnSameAgent,
        "synchronizeRevisions" to synchronizeRevisions,
        "reuseBuilds" to reuseBuilds.name,
        "onDependencyFailure" to onDependencyFailure.name,
        "onDependencyCancel" to onDependencyCancel.name,
    )
}

/** Page: root/artifact-dependency/. */
class ArtifactDependency : Parametrized() {
    var buildRule: ArtifactRule? by parameter()
    var artifactRules: String? by parameter()
    var cleanDestination: Boolean? by parameter()
    override val mandatory = listOf("artifactRules")

    fun sameChain() = ArtifactRule("sameChain")

    fun lastFinished() = ArtifactRule("lastFinished")

    fun lastSuccessful(init: ArtifactRule.() -> Unit = {}) = ArtifactRule("lastSuccessful").apply(init)

    fun sameChainOrLastFinished() = ArtifactRule("sameChainOrLastFinished")

    /** Which build the files are taken from. */
    class ArtifactRule(private val rule: String) {
        override fun toString() = rule
    }
}
