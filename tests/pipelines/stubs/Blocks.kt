package jetbrains.buildServer.configs.kotlin

/** Page: root/build-features/. */
class BuildFeatures : Collected<BuildFeature>() {
    fun feature(feature: BuildFeature) = add(feature)
}

/** Page: root/build-feature/. */
open class BuildFeature : Parametrized() {
    var id: String? by parameter()
    var enabled: Boolean? by parameter()
}

/** Page: root/triggers/. */
class Triggers : Collected<Trigger>() {
    fun trigger(trigger: Trigger) = add(trigger)
}

/** Page: root/trigger/. */
open class Trigger : Parametrized() {
    var id: String? by parameter()
    var enabled: Boolean? by parameter()

    /** Set for the builds that this trigger starts. Page: root/trigger/build-params.html. */
    private val started = ParametrizedWithType()

    fun buildParams(init: ParametrizedWithType.() -> Unit) = started.init()

    override fun json() = super.json() + ("buildParams" to started.values)
}
