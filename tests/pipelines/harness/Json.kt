package harness

/** Writes maps, lists, texts, numbers and booleans as JSON. */
fun json(value: Any?): String = when (value) {
    null, is Int, is Boolean -> value.toString()
    is Map<*, *> -> value.entries.joinToString(",", "{", "}") { "${quoted(it.key.toString())}:${json(it.value)}" }
    is Iterable<*> -> value.joinToString(",", "[", "]") { json(it) }
    else -> quoted(value.toString())
}

private fun quoted(text: String): String = buildString {
    append('"')
    for (letter in text) {
        when {
            letter == '"' || letter == '\\' -> append('\\').append(letter)
            letter < ' ' -> append("\\u%04x".format(letter.code))
            else -> append(letter)
        }
    }
    append('"')
}
