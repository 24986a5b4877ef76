package pipeline

import jetbrains.buildServer.configs.kotlin.BuildStep
import jetbrains.buildServer.configs.kotlin.BuildSteps
import jetbrains.buildServer.configs.kotlin.BuildType
import jetbrains.buildServer.configs.kotlin.BuildTypeSettings
import jetbrains.buildServer.configs.kotlin.ParameterDisplay

private const val KUBECONFIG = "%system.teamcity.build.tempDir%/kubeconfig"

/** Brings the image that was published from this revision to a stage. */
fun deploy(service: Service, stage: Stage, published: BuildType) = BuildType {
    id("Deploy${stage.title}")
    name = "Deploy to ${stage.name}"
    description = "The image as it was tested, then its version and a smoke test"
    params {
        param("image.tag", published.depParamRefs["image.tag"].ref)
        param("image.digest", published.depParamRefs["image.digest"].ref)
    }
    // A chain that was slower than the next one on its branch does not take the stage back.
    deploys(service, stage, " --unless-newer")
}

/** Brings any published version to a stage, an earlier one or a hotfix too. Somebody starts it by hand. */
fun deployVersion(service: Service, stage: Stage, id: String) = BuildType {
    id(id)
    name = "Deploy a version to ${stage.name}"
    description = "A version that somebody names, by its tag and digest"
    params {
        text(
            "image.tag", "", label = "Version", display = ParameterDisplay.PROMPT, allowEmpty = false,
            description = "The tag of the image, which is the number of the build that deployed it",
            regex = """v?\d+(\.\d+)+([.-][A-Za-z0-9.-]+)?""",
            validationMessage = "A version such as v1.2.3 or v1.2.3-4-g0123abc",
        )
        text(
            "image.digest", "", label = "Digest", display = ParameterDisplay.PROMPT, allowEmpty = true,
            description = "What the registry called the image, a parameter of Publish; empty: what it has now",
            regex = "(sha256:[0-9a-f]{64})?",
            validationMessage = "A digest such as sha256:…, or nothing",
        )
    }
    deploys(service, stage)
}

private fun BuildType.deploys(service: Service, stage: Stage, more: String = "") {
    ofService(service, minutes = 30)
    changes(stage)
    needsDocker()
    needsCosign(service)
    needs(service, "kubectl")
    buildNumberPattern = "%image.tag%"
    inCluster()
    params {
        // As variables, which a shell does not read as a program.
        param("env.TAG", "%image.tag%")
        param("env.DIGEST", "%image.digest%")
    }
    features {
        registry(stage.registry, "${stage.title}Registry")
    }
    steps {
        install()
        tasks(
            service,
            "The image is the one that was tested",
            "image.verify --tag=\"\$TAG\" --digest=\"\$DIGEST\"",
        )
        access(service)
        tasks(
            service,
            "Migrate, roll out, see that it is this version that runs",
            // The digest is the one that the task before has found in the registry.
            "cluster.deploy --stage=${stage.name} --tag=\"\$TAG\" --digest=%image.digest%$more",
        )
        tasks(service, "Smoke test", "smoke --url=${stage.url}")
        removeAccess()
    }
}

/** Goes back to the version before the last roll-out. Somebody starts it by hand. */
fun rollback(service: Service, stage: Stage) = BuildType {
    id("Rollback${stage.title}")
    name = "Roll back ${stage.name}"
    description = "The version before the last roll-out"
    ofService(service, minutes = 30)
    changes(stage)
    needs(service, "kubectl")
    inCluster()
    steps {
        install()
        access(service)
        tasks(service, "Roll back", "cluster.rollback --stage=${stage.name}")
        tasks(service, "Smoke test", "smoke --url=${stage.url}")
        removeAccess()
    }
}

private fun BuildTypeSettings.inCluster() {
    params {
        password("env.KUBECONFIG_CONTENT", "%kubeconfig%")
        param("env.KUBECONFIG", KUBECONFIG)
    }
}

private fun BuildSteps.access(service: Service) = tasks(
    service,
    "Access to the cluster",
    "write-secret --variable=KUBECONFIG_CONTENT --base64 --file=$KUBECONFIG",
)

/** The agent would empty its folder for temporary files too, but later. */
private fun BuildSteps.removeAccess() = command("Remove the access", "rm -f $KUBECONFIG") {
    executionMode = BuildStep.ExecutionMode.ALWAYS
}
