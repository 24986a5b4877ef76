package jetbrains.buildServer.configs.kotlin.buildFeatures

import jetbrains.buildServer.configs.kotlin.BuildFeature
import jetbrains.buildServer.configs.kotlin.BuildFeatures

/** Page: buildFeatures/build-cache-feature/. Files that builds give to later ones, of other agents too. */
open class BuildCacheFeature() : BuildFeature() {
    constructor(init: BuildCacheFeature.() -> Unit) : this() {
        init()
    }

    var name: String? by parameter()
    var use: Boolean? by parameter()
    var publish: Boolean? by parameter()
    var publishOnlyChanged: Boolean? by parameter()

    /** Paths in the checkout directory, on lines of their own, without wildcards. */
    var rules: String? by parameter()
    override val mandatory = listOf("name")
}

fun BuildFeatures.buildCache(init: BuildCacheFeature.() -> Unit): BuildCacheFeature =
    BuildCacheFeature(init).also(::feature)
