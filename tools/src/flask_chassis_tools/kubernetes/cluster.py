"""Tasks for Kubernetes: check the manifests, deploy a version, roll back."""

from flask_chassis import project, settings
from flask_chassis.serving import probe
from flask_chassis.tasks import uwsgi_config
from flask_chassis.tasks.service import SENTENCES
from invoke import Context, Exit, task

from flask_chassis_tools.docker import image
from flask_chassis_tools.kubernetes import (
    checks,
    deployer,
    flows,
    namespace_script,
    network_policies,
    order,
    overlays,
    pgbouncer,
    rights,
)
from flask_chassis_tools.kubernetes.alerts import files as alert_files
from flask_chassis_tools.kubernetes.alerts import objectives
from flask_chassis_tools.kubernetes.alerts.objectives import ObjectivesError
from flask_chassis_tools.kubernetes.deployment import Deployment
from flask_chassis_tools.kubernetes.flows import FlowsError
from flask_chassis_tools.kubernetes.kubectl import Kubectl, Object
from flask_chassis_tools.pipeline import ci

SENTENCES[FlowsError] = str
SENTENCES[ObjectivesError] = str

WHERE = {
    "stage": "The stage: a folder in infra/kubernetes/overlays",
    "kube-context": "A context in the kubeconfig; by default the current one",
    "timeout": "Seconds to wait for the migration, and for the rollout",
}


@task(
    help={
        **WHERE,
        "tag": "The image's tag; by default the overlay's",
        "digest": "The image's digest, which nobody can move: sha256:…; requires --tag",
        "dry-run": "Let the cluster validate the objects, and change nothing",
        "diff": "Show the changes before applying them",
        "prune": "After the rollout, delete what the manifests no longer have",
        "unless-newer": "Do nothing if the stage runs a later commit of this branch",
    }
)
def deploy(
    context: Context,
    stage: str,
    tag: str = "",
    digest: str = "",
    dry_run: bool = False,
    diff: bool = False,
    prune: bool = False,
    unless_newer: bool = False,
    kube_context: str = "",
    timeout: int = 600,
) -> None:
    """Run the migration, roll out, wait for both, and verify the version that runs.

    With a digest, an image that is not signed is refused if infra/signing-keys has a public key.
    """
    objects = overlays.build(stage, tag, digest)
    tag = overlays.tag_of(objects)
    overlays.require_tag(tag)
    deployment = _deployment(objects, kube_context, timeout)
    pinned = f" ({overlays.digest_of(objects)})" if overlays.digest_of(objects) else ""
    print(f"{overlays.name()} {tag}{pinned} to {deployment.kubectl.namespace}", flush=True)
    if pinned:
        image.require_signature(tag, overlays.digest_of(objects))
    deployment.require_namespace()
    rights.require(deployment.kubectl, objects)
    # A pipeline that was slower than the next one on its branch does not take the stage back.
    newer = order.newer_version(deployment.running_tag()) if unless_newer else ""
    ci.report("deployed", "false" if newer or dry_run else "true")
    if newer:
        print(f"{newer} runs already, a later commit than this one. Nothing was changed.")
        return
    if diff:
        deployment.compare()
    if dry_run:
        deployment.try_out()
        return
    deployment.apply()
    deployment.require_version(tag)
    deployment.clean_up(prune=prune)


@task(help=WHERE)
def rollback(context: Context, stage: str, kube_context: str = "", timeout: int = 600) -> None:
    """Return to the version before the last rollout; the database schema stays the same.

    If a GitOps controller deploys the service, revert the commit instead: it would roll out again.
    """
    deployment = _deployment(overlays.build(stage), kube_context, timeout)
    deployment.kubectl.show("rollout", "undo", f"deployment/{deployment.name}")
    deployment.wait_for_pods(deployment.name)
    found = deployment.kubectl.get("deployment", deployment.name)
    if not found:
        raise Exit(f"Deployment {deployment.name} not found.", 1)
    deployment.require_version(overlays.tag_of([found]))


def _deployment(objects: list[Object], kube_context: str, timeout: int) -> Deployment:
    namespace = overlays.one(objects, "Deployment", overlays.name())["metadata"]["namespace"]
    return Deployment(Kubectl(namespace, kube_context), objects, probe.port(), timeout)


@task(name="prerequisites", help={key: WHERE[key] for key in ("stage", "kube-context")})
def list_prerequisites(context: Context, stage: str, kube_context: str = "") -> None:
    """Print a shell script that creates what a namespace needs, and overwrites nothing."""
    objects = overlays.build(stage)
    namespace = overlays.one(objects, "Deployment", overlays.name())["metadata"]["namespace"]
    print(namespace_script.write(objects, namespace, settings.declared_in, kube_context))


@task(name="deployer", help={"stage": WHERE["stage"]})
def write_deployer(context: Context, stage: str) -> None:
    """Print a ServiceAccount and its Role, with the rights to deploy and nothing else."""
    objects = overlays.build(stage)
    namespace = overlays.one(objects, "Deployment", overlays.name())["metadata"]["namespace"]
    print(deployer.write(objects, namespace))


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


@task(name="pgbouncer", help={"check": "Only check whether it matches the settings"})
def pgbouncer_settings(context: Context, check: bool = False) -> None:
    """Generate the time-outs of the component pgbouncer from the settings of the database."""
    folder = project.working_folder()
    if not pgbouncer.has_component(folder):
        raise Exit(
            f"{pgbouncer.FOLDER} does not include settings.ini: this service has no PgBouncer, or "
            "one of an earlier template. Update the service first.",
            2,
        )
    if not pgbouncer.is_different(folder):
        print(f"{pgbouncer.FILE} is up to date.")
        return
    if check:
        raise Exit(f"{pgbouncer.FILE} {pgbouncer.DIFFERS}.", 1)
    (folder / pgbouncer.FILE).write_text(pgbouncer.expected(), encoding="utf-8")
    print(f"Written: {pgbouncer.FILE}.")


@task(name="alerts", help={"check": "Only check whether they match infra/slo.yaml"})
def write_alerts(context: Context, check: bool = False) -> None:
    """Generate the alerts in infra/kubernetes, and docs/runbooks.md, from infra/slo.yaml."""
    folder = project.working_folder()
    texts = alert_files.files(overlays.name(), objectives.read(folder / objectives.FILE))
    different = alert_files.different(folder, overlays.name())
    if check and different:
        raise Exit(
            f"{', '.join(map(str, different))}: does not match infra/slo.yaml. Run the task "
            "cluster.alerts.",
            1,
        )
    for path in different:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(texts[path], encoding="utf-8")
    if different:
        print(f"Written: {', '.join(map(str, different))}.")
    else:
        print("The alerts are up to date.")
