package jetbrains.buildServer.configs.kotlin

import kotlin.properties.ReadWriteProperty
import kotlin.reflect.KProperty

/** Page: root/parametrized/. Whatever is set is kept by its name; what is not is null. */
@TeamCityDsl
abstract class Parametrized : Validatable {
    internal val set = linkedMapOf<String, Any?>()
    private val untyped = linkedMapOf<String, String>()

    protected fun <T> parameter() = object : ReadWriteProperty<Any?, T?> {
        @Suppress("UNCHECKED_CAST")
        override fun getValue(thisRef: Any?, property: KProperty<*>): T? = set[property.name] as T?

        override fun setValue(thisRef: Any?, property: KProperty<*>, value: T?) {
            set[property.name] = value
        }
    }

    /** Sets a property that has no name of its own in the DSL. Page: root/parametrized/param.html. */
    fun param(name: String, value: String) {
        untyped[name] = value
    }

    /** The properties without which a server refuses this. */
    protected open val mandatory: List<String> get() = emptyList()

    override fun validate(consumer: ErrorConsumer) {
        for (name in mandatory) {
            if (set[name].let { it == null || it == "" }) {
                consumer.consumePropertyError(kind, "mandatory '$name' property is not specified")
            }
        }
        set.values.filterIsInstance<Validatable>().forEach { it.validate(consumer) }
    }

    internal open val kind: String get() = javaClass.simpleName

    internal open fun json(): Map<String, Any?> =
        mapOf("kind" to kind) + untyped + set.mapValues { plain(it.value) }
}

internal fun plain(value: Any?): Any? = when (value) {
    null, is String, is Int, is Boolean -> value
    is Enum<*> -> value.name
    is Parametrized -> value.json()
    is List<*> -> value.map(::plain)
    is Map<*, *> -> value.mapValues { plain(it.value) }
    else -> value.toString()
}

/** A choice that has properties of its own, as `compareTo = build { }`. Page: root/compound-param/. */
abstract class CompoundParam : Parametrized()
