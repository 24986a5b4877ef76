// In the root package, unlike the other features.
package jetbrains.buildServer.configs.kotlin

/** Page: root/matrix-feature/. */
open class MatrixFeature(init: MatrixFeature.() -> Unit) : BuildFeature() {
    /** Page: root/matrix-feature/value/. */
    data class Value(val value: String, val label: String? = null)

    private val values = linkedMapOf<String, List<Value>>()

    init {
        init()
    }

    fun value(value: String, label: String? = null) = Value(value, label)

    fun param(name: String, values: List<Value>) {
        this.values[name] = values
    }

    /** Each of its builds has a value of each. */
    internal fun parameters(): Set<String> = values.keys

    override fun validate(consumer: ErrorConsumer) {
        super.validate(consumer)
        if (values.isEmpty() || values.values.any { it.isEmpty() }) {
            consumer.consumePropertyError("matrix", "a parameter of the matrix has no values")
        }
    }

    override fun json() = super.json() + ("params" to values.mapValues { (_, all) -> all.map { it.value } })
}

fun BuildFeatures.matrix(init: MatrixFeature.() -> Unit = {}) = feature(MatrixFeature(init))
