import jetbrains.buildServer.configs.kotlin.*
import jetbrains.buildServer.configs.kotlin.buildSteps.script
import jetbrains.buildServer.configs.kotlin.triggers.vcs

version = "2024.12"

project {
    description = {{ cookiecutter.__description_kotlin }}
    buildType(CheckAndTest)
}

// What a developer runs before a push, in the same words.
object CheckAndTest : BuildType({
    name = "Check and test"

    vcs {
        root(DslContext.settingsRoot)
    }

    steps {
        script {
            name = "Install"
            scriptContent = "./bootstrap"
        }
        script {
            name = "Check"
            scriptContent = ".venv/bin/{{ cookiecutter.organisation }}-tasks check --all"
        }
        script {
            name = "Test"
            scriptContent = ".venv/bin/{{ cookiecutter.organisation }}-tasks tests"
        }
    }

    triggers {
        vcs {
        }
    }
})
