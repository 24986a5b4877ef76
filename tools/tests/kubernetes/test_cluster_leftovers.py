"""Test what `cluster.deploy` tells of, and removes, when the manifests no longer have it."""

import json
from typing import Any

import pytest

from flask_chassis_tools.kubernetes import config_maps, overlays

from ..conftest import Run
from .cluster import Cluster, deploy
from .manifests import STAGE, written

pytestmark = pytest.mark.parametrize("kind", ["resource"])

CANARY, DATABASE = "planted-resource-canary", "planted-resource-database"
SETTINGS, OLD, OLDER = (
    f"planted-resource-settings-{end}" for end in ("tht95772cg", "2b4f65kc9m", "h6gd8t7k2b")
)


def left(kind: str, name: str, **metadata: object) -> dict[str, Any]:
    """Return an object that the manifests do not have."""
    return {"kind": kind, "metadata": {"name": name, **metadata}}


LEFT = [
    left("Deployment", CANARY),
    left("NetworkPolicy", CANARY),
    left("StatefulSet", DATABASE),
    left("Service", "made-by-another", ownerReferences=[{"kind": "Gateway"}]),
]
TOLD = f"deployment/{CANARY} networkpolicy/{CANARY}"


@pytest.mark.parametrize("words", [(), ("--diff", "--dry-run"), ("--prune", "--dry-run", "--diff")])
def test_what_is_no_longer_in_the_manifests_is_told(
    run: Run, cluster: Cluster, words: tuple[str, ...]
) -> None:
    cluster.tell(left=LEFT)
    done = deploy(run, *words)
    assert (done.code, done.error) == (0, "")
    assert (
        f"still there: deployment/{CANARY}, networkpolicy/{CANARY}, statefulset/{DATABASE}. If "
        f"nobody else needs it, use the option --prune, or kubectl delete --namespace={STAGE} "
        f"{TOLD} statefulset/{DATABASE}\n"
    ) in done.out
    assert done.out.count("still there") == 1
    assert not any(line.startswith("delete") for line in cluster.asked)


def test_nothing_is_told_if_all_is_in_the_manifests(run: Run, cluster: Cluster) -> None:
    assert "no longer in the manifests" not in deploy(run, "--prune").out.lower()
    assert not any(line.startswith("delete") for line in cluster.asked)


def test_prune_deletes_it_but_nothing_with_data(run: Run, cluster: Cluster) -> None:
    cluster.tell(left=LEFT)
    done = deploy(run, "--prune")
    assert (done.code, done.error) == (0, "")
    assert f"delete --wait=false --ignore-not-found {TOLD}" in cluster.asked
    assert (
        f"not deleted because of its data: statefulset/{DATABASE}. To delete it: kubectl delete "
        f"--namespace={STAGE} statefulset/{DATABASE}\n"
    ) in done.out


@pytest.mark.parametrize(
    "story", [{"version": "v1.1"}, {"status": {"availableReplicas": 1}}, {"job": "Failed"}]
)
def test_nothing_is_deleted_if_the_version_does_not_run(
    run: Run, cluster: Cluster, story: dict[str, Any]
) -> None:
    with_settings(cluster)
    cluster.keep(cluster.kept | {f"configmap/{OLD}": config_map(OLD)})
    cluster.tell(left=LEFT, **story)
    assert deploy(run, "--prune", "--timeout=0").code == 1
    assert not any(line.startswith("delete") for line in cluster.asked)


def test_prune_fails_if_it_may_not_list(run: Run, cluster: Cluster) -> None:
    cluster.tell(forbidden=True)
    failed = deploy(run, "--prune")
    assert failed.code == 1
    assert "deployments.apps is forbidden" in failed.error


# ConfigMaps with the settings of old versions.


def config_map(name: str) -> dict[str, Any]:
    """Return a ConfigMap."""
    return {"kind": "ConfigMap", "metadata": {"name": name}, "data": {}}


def with_settings(cluster: Cluster, name: str = SETTINGS) -> None:
    """Let the manifests have a ConfigMap as kustomize names it."""
    cluster.add({"apiVersion": "v1"} | config_map(name))


def test_a_shared_one_that_another_service_generates_stays(run: Run, cluster: Cluster) -> None:
    with_settings(cluster, "acme-shared-5h6k7m8t9f")
    theirs = "acme-shared-2b4f65kc9m"
    cluster.keep(cluster.kept | {f"configmap/{theirs}": config_map(theirs)})
    done = deploy(run)
    assert (done.code, done.error) == (0, "")
    assert f"configmap/{theirs}" in cluster.kept


def test_newer_ones_stay(run: Run, cluster: Cluster) -> None:
    """They may be those of another deployment, whose migration runs at this moment."""
    with_settings(cluster)
    when = {SETTINGS: "2026-11-30T04:10:00Z", OLD: "2026-11-30T04:00:00Z"}
    when |= {OLDER: "2026-11-30T04:11:00Z"}
    maps = {f"configmap/{name}": config_map(name) for name in (OLD, OLDER)}
    cluster.tell(created=when)
    cluster.keep(cluster.kept | maps)
    assert deploy(run).code == 0
    assert f"configmap/{OLD}" not in cluster.kept
    assert f"configmap/{OLDER}" in cluster.kept


def reader(kind: str, name: str) -> dict[str, Any]:
    """Return an object whose pods read a ConfigMap."""
    pod = {"containers": [{"envFrom": [{"configMapRef": {"name": name}}]}]}
    template: dict[str, Any] = {"template": {"spec": pod}}
    spec = {"CronJob": {"jobTemplate": {"spec": template}}, "Pod": pod}.get(kind, template)
    return left(kind, "reader", ownerReferences=[{}]) | {"spec": spec}


def test_settings_of_old_versions_are_deleted(run: Run, cluster: Cluster) -> None:
    with_settings(cluster)
    others = [
        f"{overlays.name()}-environment",  # of the manifests, without a hash
        "planted-resource-settings-0123456789",  # no hash of kustomize's
        "planted-resource-2-settings-2b4f65kc9m",  # of another service
        "anything",
    ]
    maps = {f"configmap/{name}": config_map(name) for name in (OLD, OLDER, *others)}
    cluster.keep(cluster.kept | maps)
    done = deploy(run)
    assert (done.code, done.error) == (0, "")
    deleted = [line for line in cluster.asked if line.startswith("delete")]
    first, second = sorted((OLD, OLDER))
    assert deleted == [
        f"delete --wait=false --ignore-not-found configmap/{first} configmap/{second}"
    ]
    assert f"configmap/{SETTINGS}" in cluster.kept
    assert {f"configmap/{name}" for name in others} <= set(cluster.kept)


@pytest.mark.parametrize(
    "reads", ["Deployment", "ReplicaSet", "StatefulSet", "Job", "CronJob", "Pod"]
)
def test_settings_that_something_reads_stay(run: Run, cluster: Cluster, reads: str) -> None:
    """A rollback returns to a ReplicaSet, for instance."""
    with_settings(cluster)
    maps = {f"configmap/{name}": config_map(name) for name in (OLD, OLDER)}
    cluster.keep(cluster.kept | maps)
    cluster.tell(left=[reader(reads, OLD)])
    assert deploy(run).code == 0
    assert f"configmap/{OLD}" in cluster.kept
    assert f"configmap/{OLDER}" not in cluster.kept


def test_old_settings_that_may_not_be_deleted_fail_nothing(run: Run, cluster: Cluster) -> None:
    with_settings(cluster)
    cluster.keep(cluster.kept | {f"configmap/{OLD}": config_map(OLD)})
    rules = json.loads((cluster.folder / "rules.json").read_text())
    for rule in rules:
        if "configmaps" in rule["resources"]:
            rule["verbs"].remove("delete")
    cluster.as_pipeline(rules)
    done = deploy(run)
    assert done.code == 0
    assert "ConfigMaps of old versions were not removed." in done.out
    assert f"configmap/{OLD}" in cluster.kept


def test_old_settings_that_may_not_be_listed_fail_nothing(run: Run, cluster: Cluster) -> None:
    with_settings(cluster)
    cluster.tell(forbidden=True)
    done = deploy(run)
    assert done.code == 0
    assert "ConfigMaps of old versions were not removed. kubectl get configmaps: " in done.out


def test_the_hash_of_kustomize_is_recognized() -> None:
    """Names that kustomize 5.5 has made."""
    for name in ("users-settings-tht95772cg", "users-pgbouncer-8m5fg29fb4"):
        found = config_maps.HASHED.fullmatch(name)
        assert found
        assert found["name"] == name.rpartition("-")[0]
    for each in written():
        assert not config_maps.HASHED.fullmatch(each["metadata"]["name"])
