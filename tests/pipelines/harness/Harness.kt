// Compiles the settings of folders with the real compiler, runs them against the stubs, and writes what
// they describe. One process does it for all folders: a warm compiler takes two seconds, a cold one ten.
//
// Standard input: a folder and the file for the result, on a line with a tab between. Standard output: a
// line when it is done.
package harness

import java.io.ByteArrayOutputStream
import java.io.File
import java.io.PrintStream
import java.lang.reflect.InvocationTargetException
import java.net.URLClassLoader
import org.jetbrains.kotlin.cli.jvm.K2JVMCompiler

fun main(arguments: Array<String>) {
    val (home, stubs) = arguments
    val out = System.out
    // The compiler is a part of an IDE, and asks where that is installed.
    System.setProperty("idea.home.path", home)
    System.setProperty("java.awt.headless", "true")
    System.setOut(System.err)
    for (line in generateSequence(::readLine)) {
        val (folder, result) = line.split("\t").map(::File)
        val classes = File("$result.classes")
        val faults = compile(home, stubs, folder, classes)
        val found = if (faults == null) run(home, stubs, classes) else mapOf("faults" to listOf(faults))
        result.writeText(json(found))
        classes.deleteRecursively()
        out.println("done")
        out.flush()
    }
}

/** Compiles settings.kts and all files that it can use; returns what the compiler says where it fails. */
private fun compile(home: String, stubs: String, folder: File, classes: File): String? {
    val sources = folder.walk().filter { it.extension == "kt" || it.name == "settings.kts" }
    val said = ByteArrayOutputStream()
    val options = listOf("-kotlin-home", home, "-cp", stubs, "-d", classes.path)
    val strict = listOf("-Werror", "-Xallow-any-scripts-in-source-roots", "-Xuse-fir-lt=false")
    val code = K2JVMCompiler().exec(
        PrintStream(said), *(options + strict + sources.map { it.path }).toTypedArray()
    )
    return said.toString().takeIf { code.code != 0 }
}

/** Runs the script with stubs that nobody else has used. */
private fun run(home: String, stubs: String, classes: File): Map<String, Any?> {
    val libraries = listOf("kotlin-stdlib.jar", "kotlin-script-runtime.jar").map { File(home, "lib/$it") }
    val path = (libraries + File(stubs) + classes).map { it.toURI().toURL() }
    URLClassLoader(path.toTypedArray(), ClassLoader.getPlatformClassLoader()).use { loader ->
        try {
            val script = loader.loadClass("Settings").constructors.single()
            script.newInstance(emptyArray<String>())
        } catch (error: InvocationTargetException) {
            return mapOf("faults" to listOf(error.targetException.toString()))
        }
        val recorder = loader.loadClass("jetbrains.buildServer.configs.kotlin.Recorder")
        val instance = recorder.getField("INSTANCE").get(null)
        val faults = recorder.getMethod("faults").invoke(instance) as List<*>
        if (faults.isNotEmpty()) return mapOf("faults" to faults)
        return mapOf("faults" to faults, "project" to recorder.getMethod("json").invoke(instance))
    }
}
