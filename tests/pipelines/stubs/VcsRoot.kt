package jetbrains.buildServer.configs.kotlin

/** Page: root/vcs-root/. */
open class VcsRoot() : Parametrized() {
    /** For an object that is given none, the name of its class. */
    var id: Id? = null
        get() = field ?: RelativeId(javaClass.simpleName)

    var name: String = ""

    constructor(init: VcsRoot.() -> Unit) : this() {
        init()
    }

    fun id(id: String) {
        this.id = RelativeId(id)
    }

    internal val ownId: String get() = id?.value.orEmpty()

    override fun validate(consumer: ErrorConsumer) {
        super.validate(consumer)
        if (name.isEmpty()) consumer.consumePropertyError(ownId, "mandatory 'name' property is not specified")
    }

    override fun json() = super.json() + mapOf("id" to ownId, "name" to name)
}
