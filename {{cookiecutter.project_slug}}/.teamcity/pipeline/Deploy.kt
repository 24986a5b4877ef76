package pipeline

import jetbrains.buildServer.configs.kotlin.BuildType
import jetbrains.buildServer.configs.kotlin.BuildTypeSettings

private const val KUBECONFIG = "%system.teamcity.build.tempDir%/kubeconfig"

/** Brings the image that has passed all before to a stage: the same digest in each of them. */
fun deploy(service: Service, stage: Stage, image: BuildType) = BuildType {
    id("Deploy${stage.name.replaceFirstChar(Char::uppercase)}")
    name = "Deploy to ${stage.name}"
    description = "The image as it was tested, then its version and a smoke test"
    ofService(service, minutes = 30)
    changes(stage)
    needsDocker()
    val tag = image.depParamRefs["image.tag"]
    val digest = image.depParamRefs["image.digest"]
    buildNumberPattern = "$tag"
    inCluster(stage)
    features {
        registry(service)
    }
    steps {
        install()
        tasks(service, "The image is the one that was tested", "image.verify --tag=$tag --digest=$digest")
        tasks(service, "Access to the cluster", "write-secret --variable=KUBECONFIG_CONTENT --file=$KUBECONFIG")
        tasks(service, "Deploy", "cluster.deploy --env=${stage.name} --image-tag=$tag")
        tasks(service, "Smoke test", "smoke --url=${stage.url}")
    }
}

/** Goes back to the version before the last roll-out. Somebody starts it by hand. */
fun rollback(service: Service, stage: Stage) = BuildType {
    id("Rollback${stage.name.replaceFirstChar(Char::uppercase)}")
    name = "Roll back ${stage.name}"
    description = "The version before the last roll-out"
    ofService(service, minutes = 30)
    changes(stage)
    inCluster(stage)
    steps {
        install()
        tasks(service, "Access to the cluster", "write-secret --variable=KUBECONFIG_CONTENT --file=$KUBECONFIG")
        tasks(service, "Roll back", "cluster.rollback --env=${stage.name}")
        tasks(service, "Smoke test", "smoke --url=${stage.url}")
    }
}

/** Where the cluster is; the file with it ends with the build. */
private fun BuildTypeSettings.inCluster(stage: Stage) {
    params {
        password("env.KUBECONFIG_CONTENT", stage.secret("kubeconfig"))
        param("env.KUBECONFIG", KUBECONFIG)
    }
}
