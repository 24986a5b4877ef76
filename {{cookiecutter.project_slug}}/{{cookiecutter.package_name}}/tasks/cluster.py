"""Tasks for Kubernetes: what is in infra/kubernetes, checked, deployed and taken back."""

from invoke import Context, Exit, task

from ..chassis import probe, project_files, settings
from . import cluster_checks, flows, network_policies, overlays, prerequisites, uwsgi_config
from .deployment import Deployment
from .flows import FlowsError
from .kubectl import Kubectl, Object
from .service import SENTENCES

SENTENCES[FlowsError] = str

WHERE = {
    "env": "The stage: a folder of infra/kubernetes/overlays",
    "kube-context": "A context of kubectl's configuration; by default the current one",
    "timeout": "How many seconds to wait, for the migration and for the roll-out",
}


@task(
    help={
        **WHERE,
        "image-tag": "The image's tag; by default that of the overlay",
        "dry-run": "Have the cluster check it, and change nothing",
        "diff": "Show what is changed, before it is",
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
    """Migrate, roll out, wait for both, and see that it is this version that runs."""
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
    """Go back to the version before the last roll-out; the database's tables stay as they are.

    Where the cluster follows git, it would roll out again: revert the commit instead.
    """
    deployment = _deployment(overlays.build(env), kube_context, timeout)
    deployment.kubectl.show("rollout", "undo", f"deployment/{deployment.name}")
    deployment.wait()
    found = deployment.kubectl.get("deployment", deployment.name)
    if not found:
        raise Exit(f"The Deployment {deployment.name} is gone.", 1)
    deployment.require_version(overlays.tag_of([found]))


def _deployment(objects: list[Object], kube_context: str, timeout: int) -> Deployment:
    namespace = overlays.one(objects, "Deployment", overlays.name())["metadata"]["namespace"]
    return Deployment(Kubectl(namespace, kube_context), objects, probe.port(), timeout)


@task(name="prerequisites", help={"env": WHERE["env"]})
def list_prerequisites(context: Context, env: str) -> None:
    """Print the commands that make what a namespace must have before the first deployment."""
    objects = overlays.build(env)
    namespace = overlays.one(objects, "Deployment", overlays.name())["metadata"]["namespace"]
    print("\n".join(prerequisites.commands(objects, namespace, settings.declared_in)))


@task
def check(context: Context) -> None:
    """Check the manifests of all stages against what the service's code does."""
    stages = {stage: overlays.build(stage) for stage in overlays.stages()}
    faults = [
        f"{stage}: {fault}"
        for stage, objects in stages.items()
        for fault in cluster_checks.faults_in(objects, stage)
    ]
    faults += cluster_checks.faults_in_files()
    if faults:
        raise Exit("\n".join(faults), 1)
    print(f"The manifests are right for {', '.join(stages)}.")


@task(help={"check": "Only see whether they are what infra/flows.yaml says"})
def network_policy(context: Context, check: bool = False) -> None:
    """Write the network policies of infra/kubernetes from infra/flows.yaml."""
    folder = project_files.working_folder()
    declared = flows.read(folder / flows.FILE, overlays.name(), uwsgi_config.ports())
    different = network_policies.different(folder, declared)
    if check and different:
        raise Exit(
            f"infra/flows.yaml says otherwise than {', '.join(map(str, different))}: run the task "
            "cluster.network-policy.",
            1,
        )
    texts = network_policies.files(declared)
    for path in different:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(texts[path], encoding="utf-8")
    print(f"{len(different)} files written." if different else "The policies are as declared.")
