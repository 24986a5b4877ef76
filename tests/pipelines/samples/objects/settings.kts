// In the manner of settings that declare everything as objects: a template, a VCS root, subprojects.
import jetbrains.buildServer.configs.kotlin.*
import jetbrains.buildServer.configs.kotlin.buildFeatures.perfmon
import jetbrains.buildServer.configs.kotlin.buildFeatures.sshAgent
import jetbrains.buildServer.configs.kotlin.buildSteps.script
import jetbrains.buildServer.configs.kotlin.triggers.finishBuildTrigger
import jetbrains.buildServer.configs.kotlin.triggers.vcs
import jetbrains.buildServer.configs.kotlin.vcs.GitVcsRoot

version = "2026.2"

project {
    vcsRoot(Sources)
    template(Compiled)
    params {
        param("jdk", "21")
        checkbox("verbose", "false", label = "Verbose", checked = "true", unchecked = "false")
        select("region", "eu", display = ParameterDisplay.PROMPT, options = listOf("eu", "us"))
    }
    buildType(Compile)
    subProject(Shipping)
}

object Sources : GitVcsRoot({
    name = "sources"
    url = "git@git.example.com:group/sources.git"
    branch = "refs/heads/main"
    branchSpec = """
        +:refs/heads/(*)
        +:refs/pull/(*/merge)
    """.trimIndent()
    authMethod = uploadedKey {
        uploadedKey = "sources key"
    }
})

object Compiled : Template({
    name = "Compiled"
    params {
        param("flags", "-O2")
    }
    requirements {
        exists("env.JDK_21")
        noLessThan("teamcity.agent.hardware.cpuCount", "4")
        doesNotMatch("teamcity.agent.name", "old-.*", "RQ_1")
    }
    features {
        perfmon { }
    }
})

object Compile : BuildType({
    templates(Compiled)
    name = "Compile"
    vcs {
        root(Sources, "+:. => sources")
        branchFilter = "+:*"
    }
    steps {
        script {
            id = "compile"
            name = "Compile"
            enabled = true
            scriptContent = "make FLAGS='%flags%' REGION=%region% NAME=100%%-sure"
            param("teamcity.step.phase", "")
            conditions {
                doesNotEqual("verbose", "true")
                startsWith("teamcity.build.branch", "release-")
                moreThanVer("jdk", "17")
                doesNotExist("env.SKIPPED", "RQ_2")
            }
        }
    }
    triggers {
        vcs {
            id = "TRIGGER_1"
            enabled = false
        }
    }
})

object Shipping : Project({
    name = "Shipping"
    buildType(Ship)
})

object Ship : BuildType({
    name = "Ship"
    type = BuildTypeSettings.Type.DEPLOYMENT
    buildNumberPattern = Compile.depParamRefs.buildNumber.ref
    vcs {
        root(Sources)
    }
    features {
        sshAgent {
            teamcitySshKey = "sources key"
        }
    }
    steps {
        script {
            scriptContent = "ship ${Compile.depParamRefs["flags"]} ${Compile.depParamRefs["jdk"].ref}"
        }
    }
    triggers {
        finishBuildTrigger {
            buildType = "${Compile.id}"
            successfulOnly = true
            branchFilter = "+:<default>"
        }
    }
    dependencies {
        dependency(Compile) {
            snapshot {
                reuseBuilds = ReuseBuilds.SUCCESSFUL
            }
            artifacts {
                buildRule = sameChain()
                artifactRules = "out/** => out"
            }
        }
    }
})
