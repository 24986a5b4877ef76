"""Tasks for Kubernetes: check the manifests, deploy a version, roll back."""

from flask_chassis import project, settings
from flask_chassis.serving import probe
from flask_chassis.tasks import uwsgi_config
from flask_chassis.tasks.service import SENTENCES
from invoke import Context, Exit, task

from flask_chassis_tools.kubernetes import checks, flows, network_policies, overlays, prerequisites
from flask_chassis_tools.kubernetes.deployment import Deployment
from flask_chassis_tools.kubernetes.flows import FlowsError
from flask_chassis_tools.kubernetes.kubectl import Kubectl, Object

SENTENCES[FlowsError] = str

WHERE = {
    "env": "The stage: a folder in infra/kubernetes/overlays",
    "kube-context": "A context in the kubeconfig; by default the current one",
    "timeout": "Seconds to wait for the migration, and for the rollout",
}


@task(
    help={
        **WHERE,
        "image-tag": "The image's tag; by default the overlay's",
        "dry-run": "Let the cluster validate the objects, and change nothing",
        "diff": "Show the changes before applying them",
    }
)
def deploy(
    context: Context,
    env: str,
    image_tag: str = "",
    dry_run: bool = False,
    diff: bool = False,
    kube_context: str = "",
    timeout: int = 600,
) -> None:
    """Run the migration, roll out, wait for both, and verify the version that runs."""
    objects = overlays.build(env, image_tag)
    overlays.require_names(objects)
    tag = overlays.tag_of(objects)
    overlays.require_tag(tag)
    deployment = _deployment(objects, kube_context, timeout)
    print(f"{overlays.name()} {tag} to {deployment.kubectl.namespace}", flush=True)
    deployment.require_namespace()
    if diff:
        deployment.compare()
    if dry_run:
        deployment.try_out()
        return
    deployment.apply()
    deployment.require_version(tag)


@task(help=WHERE)
def rollback(context: Context, env: str, kube_context: str = "", timeout: int = 600) -> None:
    """Return to the version before the last rollout; the database schema stays the same.

    If a GitOps controller deploys the service, revert the commit instead: it would roll out again.
    """
    deployment = _deployment(overlays.build(env), kube_context, timeout)
    deployment.kubectl.show("rollout", "undo", f"deployment/{deployment.name}")
    deployment.wait()
    found = deployment.kubectl.get("deployment", deployment.name)
    if not found:
        raise Exit(f"Deployment {deployment.name} not found.", 1)
    deployment.require_version(overlays.tag_of([found]))


def _deployment(objects: list[Object], kube_context: str, timeout: int) -> Deployment:
    namespace = overlays.one(objects, "Deployment", overlays.name())["metadata"]["namespace"]
    return Deployment(Kubectl(namespace, kube_context), objects, probe.port(), timeout)


@task(name="prerequisites", help={"env": WHERE["env"]})
def list_prerequisites(context: Context, env: str) -> None:
    """Print the commands that create what a namespace needs before the first deployment."""
    objects = overlays.build(env)
    namespace = overlays.one(objects, "Deployment", overlays.name())["metadata"]["namespace"]
    print("\n".join(prerequisites.commands(objects, namespace, settings.declared_in)))


@task
def check(context: Context) -> None:
    """Check the manifests of all stages against the service's settings, ports and flows."""
    stages = {stage: overlays.build(stage) for stage in overlays.stages()}
    faults = [
        f"{stage}: {fault}"
        for stage, objects in stages.items()
        for fault in checks.faults_in(objects, stage)
    ]
    faults += checks.faults_in_files()
    if faults:
        raise Exit("\n".join(faults), 1)
    print(f"The manifests are valid for {', '.join(stages)}.")


@task(help={"check": "Only check whether they match infra/flows.yaml"})
def network_policy(context: Context, check: bool = False) -> None:
    """Generate the network policies in infra/kubernetes from infra/flows.yaml."""
    folder = project.working_folder()
    declared = flows.read(folder / flows.FILE, overlays.name(), uwsgi_config.ports())
    different = network_policies.different(folder, declared)
    if check and different:
        raise Exit(
            f"{', '.join(map(str, different))}: does not match infra/flows.yaml. Run the task "
            "cluster.network-policy.",
            1,
        )
    texts = network_policies.files(declared)
    for path in different:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(texts[path], encoding="utf-8")
    if different:
        print(f"Written: {', '.join(map(str, different))}.")
    else:
        print("The policies are up to date.")
