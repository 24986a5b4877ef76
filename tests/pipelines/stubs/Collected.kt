package jetbrains.buildServer.configs.kotlin

/** Steps, features, triggers: what a block collects. */
@TeamCityDsl
abstract class Collected<T : Parametrized> : Validatable {
    private val items = mutableListOf<T>()

    protected fun add(item: T) {
        items += item
    }

    override fun validate(consumer: ErrorConsumer) {
        items.forEach { it.validate(consumer) }
        val ids = items.mapNotNull { it.set["id"] }
        for (id in ids.groupBy { it }.filterValues { it.size > 1 }.keys) {
            consumer.consumePropertyError(javaClass.simpleName, "the id $id is given twice")
        }
    }

    internal fun all(): List<T> = items

    internal fun items(): List<Map<String, Any?>> = items.map { it.json() }
}
