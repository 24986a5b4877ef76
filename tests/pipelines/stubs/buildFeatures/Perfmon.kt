package jetbrains.buildServer.configs.kotlin.buildFeatures

import jetbrains.buildServer.configs.kotlin.BuildFeature
import jetbrains.buildServer.configs.kotlin.BuildFeatures

/** Page: buildFeatures/perfmon/. */
open class Perfmon() : BuildFeature() {
    constructor(init: Perfmon.() -> Unit) : this() {
        init()
    }
}

fun BuildFeatures.perfmon(init: Perfmon.() -> Unit = {}): Perfmon = Perfmon(init).also(::feature)
