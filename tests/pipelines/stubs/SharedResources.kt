// In the root package, unlike the other features.
package jetbrains.buildServer.configs.kotlin

/** Page: root/shared-resource/. A resource that builds take, of a project and those below it. */
open class SharedResource(init: SharedResource.() -> Unit = {}) : ProjectFeature() {
    var name: String? by parameter()
    var enabled: Boolean? by parameter()
    var resourceType: SharedResourceType? by parameter()
    override val mandatory = listOf("name", "resourceType")

    init {
        init()
    }

    /** Page: root/shared-resource/shared-resource-type/. */
    abstract class SharedResourceType

    private class Described(private val said: String) : SharedResourceType() {
        override fun toString() = said
    }

    /** Page: root/shared-resource/infinite/. */
    fun infinite(): SharedResourceType = Described("infinite")

    /** Page: root/shared-resource/quoted/. */
    fun quoted(quota: Int): SharedResourceType = Described("quoted $quota")

    /** Page: root/shared-resource/custom-values/. */
    fun customValues(vararg customValues: String): SharedResourceType = customValues(customValues.toList())

    fun customValues(customValues: List<String>): SharedResourceType = Described("values $customValues")
}

fun ProjectFeatures.sharedResource(init: SharedResource.() -> Unit): SharedResource =
    SharedResource(init).also(::feature)

/** Page: root/shared-resources/. Locks that a build takes before it starts, and keeps until its end. */
open class SharedResources(init: SharedResources.() -> Unit = {}) : BuildFeature() {
    internal val locks = linkedMapOf<String, String>()

    init {
        init()
    }

    fun readLock(sharedResource: SharedResource) = readLock(sharedResource.name.orEmpty())

    fun readLock(sharedResourceName: String) {
        locks[sharedResourceName] = "read"
    }

    fun writeLock(sharedResource: SharedResource) = writeLock(sharedResource.name.orEmpty())

    fun writeLock(sharedResourceName: String) {
        locks[sharedResourceName] = "write"
    }

    /** Page: root/shared-resources/lock-specific-value/. One value of a resource with values of its own. */
    fun lockSpecificValue(sharedResource: SharedResource, value: String) =
        lockSpecificValue(sharedResource.name.orEmpty(), value)

    fun lockSpecificValue(sharedResourceName: String, value: String) {
        locks[sharedResourceName] = "value $value"
    }

    override fun json() = super.json() + ("locks" to locks)
}

fun BuildFeatures.sharedResources(init: SharedResources.() -> Unit): SharedResources =
    SharedResources(init).also(::feature)
