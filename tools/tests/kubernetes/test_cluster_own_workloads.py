"""Test that what a team adds is checked like the rest: with a message, and never a traceback."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from flask_chassis import project

from flask_chassis_tools.kubernetes import checks, overlays

from ..services import KINDS, WITH_DATABASE
from .manifests import STAGE, Object, container, one, written

Objects = list[Object]

pytestmark = pytest.mark.parametrize("kind", KINDS)

LABELS = {"app.kubernetes.io/component": "nightly"}


def template_of(each: Object) -> Any:
    """Return the template of the pods of a workload."""
    spec = each["spec"]
    return (
        spec["jobTemplate"]["spec"]["template"] if each["kind"] == "CronJob" else spec["template"]
    )


def added(found: Objects, kind: str = "CronJob") -> Object:
    """Add a workload of the service's image that is right, with a policy, and return it."""
    template = deepcopy(one(found, "Deployment")["spec"]["template"])
    template["metadata"]["labels"] |= LABELS
    template["spec"]["containers"][0]["name"] = "nightly"
    template["spec"].pop("initContainers", None)
    spec: Object = {"template": template}
    if kind == "CronJob":
        spec = {"schedule": "0 3 * * *", "jobTemplate": {"spec": spec}}
    elif kind != "Job":
        spec["selector"] = {"matchLabels": dict(LABELS)}
    if kind == "Deployment":
        spec["strategy"] = {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    metadata = {"name": f"{overlays.name()}-nightly", "namespace": STAGE}
    policy = {"podSelector": {"matchLabels": dict(LABELS)}, "policyTypes": ["Egress"]}
    made: Object = {"kind": kind, "metadata": metadata, "spec": spec}
    found += [made, {"kind": "NetworkPolicy", "metadata": dict(metadata), "spec": policy}]
    return made


def inside(each: Object) -> Any:
    """Return the container of a workload."""
    return template_of(each)["spec"]["containers"][0]


OWN_KINDS = ("CronJob", "Job", "Deployment", "StatefulSet", "DaemonSet")


@pytest.mark.parametrize("what", OWN_KINDS)
def test_one_that_has_what_the_service_has_is_valid(what: str) -> None:
    found = written()
    added(found, what)
    assert checks.faults_in(found, STAGE) == []


@pytest.mark.parametrize("what", OWN_KINDS)
def test_one_with_nothing_but_an_image_is_told_all_that_it_lacks(what: str) -> None:
    found = written()
    each = added(found, what)
    template_of(each)["metadata"] = {}
    image = inside(each)["image"]
    template_of(each)["spec"] = {"containers": [{"name": "nightly", "image": image}]}
    faults = [fault for fault in checks.faults_in(found, STAGE) if "nightly" in fault]
    for said in (
        "Egress is open",
        "its pods lack the label app.kubernetes.io/component",
        f"{project.current().prefix}_ENVIRONMENT is not set",
        f"it does not have {project.current().prefix}_ENVIRONMENT",
        f"it does not read the Secret {overlays.name()}-settings (envFrom)",
        "runs as root",
        "can write to its image",
        "requests lack memory",
    ):
        assert [fault for fault in faults if said in fault], (said, faults)


PLANTED: dict[str, tuple[Callable[[Object], Any], str]] = {
    "a pod that nothing replaces": (
        lambda each: each.update(kind="Pod", spec=template_of(each)["spec"]),
        "Pod SERVICE-nightly does not survive its node: make it a Deployment",
    ),
    "no flows": (
        lambda each: template_of(each)["metadata"]["labels"].update(
            {"app.kubernetes.io/component": "weekly"}
        ),
        (
            "infra/flows.yaml says neither what its pods may call nor who may call them, so that "
            "all is shut: declare weekly, for example `weekly: {calls: [dns, database]}`"
        ),
    ),
    "no variables": (
        lambda each: inside(each).pop("envFrom"),
        (
            "give it the `envFrom` of the container service; in a Job, whose pods cannot change, "
            "SERVICE-job-settings takes the place of SERVICE-settings"
        ),
    ),
    "no secrets of the service's own": (
        lambda each: inside(each)["envFrom"].pop(),
        "it does not read the Secret SERVICE-settings (envFrom)",
    ),
    "another repository": (
        lambda each: inside(each).update(image=f"registry.old.example/{overlays.name()}:v1.2"),
        (
            "add `{name: registry.old.example/SERVICE, newName: registry.example:5000/SERVICE, "
            "newTag: v1.2}` to `images`"
        ),
    ),
    "an image that nothing names": (
        lambda each: inside(each).update(image=f"{overlays.name()}-nightly"),
        "has no fixed tag: name it in `images` of the overlay's kustomization.yaml",
    ),
}


@pytest.mark.parametrize("fault", PLANTED)
def test_a_fault_in_one_is_found(fault: str) -> None:
    plant, said = PLANTED[fault]
    found = written()
    plant(added(found))
    faults = checks.faults_in(found, STAGE)
    assert [each for each in faults if said.replace("SERVICE", overlays.name()) in each], faults


def test_one_without_what_the_service_has_from_elsewhere_is_found(kind: str) -> None:
    """The Secret of own settings is for own settings: the password is somewhere else."""
    found = written()
    inside(added(found))["env"] = []
    faults = [each for each in checks.faults_in(found, STAGE) if "nothing supplies it" in each]
    key = "database.password" if kind in WITH_DATABASE else "session.secret_key"
    assert [
        each
        for each in faults
        if f"-nightly, container nightly: {key} is required" in each
        and each.endswith("give it the `env` of the container service")
    ], faults


def test_the_agent_of_other_pods_supplies_nothing_to_one() -> None:
    found = written()
    template = one(found, "Deployment")["spec"]["template"]
    template["metadata"]["annotations"][
        "vault.hashicorp.com/agent-inject-template-settings.local.yaml"
    ] = "{{ range $key, $value := .Data.data }}{{ $key }}{{ end }}"
    container(found)["env"] = []
    each = added(found)
    template_of(each)["metadata"]["annotations"] = {}
    faults = [fault for fault in checks.faults_in(found, STAGE) if "nothing supplies it" in fault]
    assert faults
    for fault in faults:
        assert "-nightly, container nightly: " in fault
        assert (
            f"give its pods the annotations and the volume of Deployment {overlays.name()}" in fault
        )


def test_the_canary_may_be_of_another_version_but_of_no_other_repository() -> None:
    found = written()
    canary = deepcopy(one(found, "Deployment"))
    canary["metadata"]["name"] += "-canary"
    canary["spec"]["template"]["metadata"]["labels"]["track"] = "canary"
    canary["spec"]["selector"]["matchLabels"]["track"] = "canary"
    pod = canary["spec"]["template"]["spec"]
    for each in [*pod.get("initContainers", []), *pod["containers"]]:
        each["image"] = f"registry.example:5000/{overlays.name()}:v1.3"
    found.append(canary)
    assert checks.faults_in(found, STAGE) == []
    pod["containers"][0]["image"] = f"registry.acme.example/{overlays.name()}:v1.3"
    [fault] = checks.faults_in(found, STAGE)
    assert "container service: the image registry.acme.example/" in fault
    assert fault.endswith("to `images` of the overlay's kustomization.yaml")


def test_the_migration_is_found_beside_other_jobs(kind: str) -> None:
    found = written()
    added(found, "Job")
    found.sort(key=lambda each: f"{overlays.name()}-nightly" != each["metadata"]["name"])
    job = overlays.migration(found)
    name = job["metadata"]["name"] if job else ""
    assert name == (f"{overlays.name()}-migrate-unset" if kind in WITH_DATABASE else "")


def test_a_job_of_the_teams_own_is_not_the_migration(kind: str) -> None:
    found = written()
    own = added(found, "Job")
    own["metadata"]["name"] = f"{overlays.name()}-migrate-files"
    found.insert(0, found.pop(found.index(own)))
    migration = overlays.migration(found)
    assert migration is not own
    assert (migration is not None) == (kind in WITH_DATABASE)


def test_a_secret_and_settings_for_one_container_alone_are_valid() -> None:
    found = written()
    data = {f"{project.current().prefix}_LOGS__LEVEL": "DEBUG"}
    found.append({"kind": "ConfigMap", "metadata": {"name": "nightly-only"}, "data": data})
    added_here = inside(added(found))
    added_here["envFrom"].append({"configMapRef": {"name": "nightly-only"}})
    container(found)["envFrom"].append({"secretRef": {"name": "stripe", "optional": True}})
    assert checks.faults_in(found, STAGE) == []


def test_a_program_of_others_may_be_stopped_before_the_next_one_starts() -> None:
    """A volume that one pod can have at a time wants it so."""
    found = written()
    own = added(found, "Deployment")
    inside(own)["image"] = "redis:8.2"
    own["spec"]["strategy"] = {"type": "Recreate"}
    budget = {"selector": {"matchLabels": dict(LABELS)}, "minAvailable": 1}
    metadata = {"name": "nightly", "labels": dict(LABELS)}
    found.append({"kind": "PodDisruptionBudget", "metadata": metadata, "spec": budget})
    assert [each for each in checks.faults_in(found, STAGE) if "nightly" in each] == []
    inside(own)["image"] = container(found)["image"]
    faults = checks.faults_in(found, STAGE)
    assert [each for each in faults if "set maxUnavailable to 0" in each]
    assert [each for each in faults if "must have maxUnavailable 1" in each]


@pytest.mark.parametrize(
    "policy",
    [{"podSelector": {"matchLabels": {"app": "nightly"}}}, {"podSelector": {}, "egress": [{}]}],
    ids=["another label", "no types"],
)
def test_a_policy_of_the_teams_own_counts(policy: dict[str, Any]) -> None:
    found = written()
    own = added(found)
    template_of(own)["metadata"]["labels"]["app"] = "nightly"
    [given] = [each for each in found if each["metadata"] == own["metadata"] and each is not own]
    given["spec"] = policy
    faults = [each for each in checks.faults_in(found, STAGE) if "nightly" in each]
    is_for_all = policy["podSelector"] == {}
    assert ["so that all is shut" in each for each in faults] == ([True] if is_for_all else [])


def test_empty_lists_and_resources_behind_an_ingress_are_no_traceback() -> None:
    found = written()
    own = added(found, "Deployment")
    inside(own).update(image="redis:8.2", env=None, envFrom=None)
    backend = {"resource": {"apiGroup": "x", "kind": "Bucket", "name": "static"}}
    rules = one(found, "Ingress")["spec"]["rules"][0]["http"]["paths"]
    rules.append({"path": "/static", "pathType": "Prefix", "backend": backend})
    assert [each for each in checks.faults_in(found, STAGE) if "Ingress" in each] == []
