package jetbrains.buildServer.configs.kotlin

/** Page: root/build-features/. */
class BuildFeatures : Collected<BuildFeature>() {
    fun feature(feature: BuildFeature) = add(feature)
}

/** Page: root/build-feature/. */
open class BuildFeature : Parametrized() {
    var id: String? by parameter()
}

/** Page: root/triggers/. */
class Triggers : Collected<Trigger>() {
    fun trigger(trigger: Trigger) = add(trigger)
}

/** Page: root/trigger/. */
open class Trigger : Parametrized() {
    var enabled: Boolean? by parameter()
}

/** Page: root/requirements/. */
@TeamCityDsl
class Requirements {
    private val all = mutableListOf<Map<String, String?>>()

    fun exists(param: String, id: String? = null) = add("exists", param, null)

    fun equals(param: String, value: String, id: String? = null) = add("equals", param, value)

    fun contains(param: String, value: String, id: String? = null) = add("contains", param, value)

    private fun add(type: String, param: String, value: String?) {
        all += mapOf("type" to type, "param" to param, "value" to value)
    }

    internal fun json() = all.toList()
}
