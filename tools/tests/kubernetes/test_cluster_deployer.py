"""Test that the Role of `cluster.deployer` has the rights that deployments need, and no others.

In all tests with a cluster, the fake kubectl refuses what this Role does not allow.
"""

import copy
from typing import Any

import pytest
import yaml

from flask_chassis_tools.kubernetes import deployer, overlays

from ..conftest import Run
from ..services import KINDS
from .cluster import Cluster, deploy
from .manifests import STAGE, written
from .test_cluster_leftovers import config_map, left, with_settings

pytestmark = pytest.mark.parametrize("kind", KINDS)

LEFT = [
    *(left(kind, "x") for kind in ("Deployment", "StatefulSet", "CronJob", "Service", "Ingress")),
    *(left(kind, "x") for kind in ("HorizontalPodAutoscaler", "PodDisruptionBudget")),
    left("NetworkPolicy", "x"),
    left("DaemonSet", "x"),
]

NO_SECRETS = {"get secrets"}
"""Asked of the cluster to say what is missing; refused, it is taken as there."""

EXTERNAL = {
    "apiVersion": "external-secrets.io/v1",
    "kind": "ExternalSecret",
    "metadata": {"name": "x"},
    "spec": {"target": {"name": "x"}},
}


def granted(rules: list[Any]) -> set[str]:
    """Return the rights of a Role as the cluster notes those that are needed."""
    return {
        f"{verb} {group}/{resource}" if group else f"{verb} {resource}"
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def do_everything(run: Run, cluster: Cluster) -> None:
    """Run all that pipelines and people do with the account."""
    has_database = overlays.migration(cluster.objects) is not None
    assert deploy(run, "--dry-run", "--diff").code == 0
    if has_database:
        cluster.tell(job="Running")
        assert "not within 0 s" in deploy(run, "--timeout=0").error  # with its logs and events
        cluster.tell(job="Failed")
        assert "it failed" in deploy(run).error
    cluster.tell(status={"availableReplicas": 1})
    assert "not within 0 s" in deploy(run, "--timeout=0").error
    cluster.tell()
    assert deploy(run).code == 0
    assert deploy(run, "--dry-run", "--diff").code == 0
    cluster.tell(left=LEFT)
    old = f"{overlays.name()}-settings-2b4f65kc9m"
    cluster.keep(cluster.kept | {f"configmap/{old}": config_map(old)})
    assert deploy(run, "--prune").code == 0
    assert run("cluster.rollback", f"--stage={STAGE}").code == 0


def test_deployments_need_all_rights_of_the_role_and_no_others(run: Run, cluster: Cluster) -> None:
    cluster.add(copy.deepcopy(EXTERNAL))
    with_settings(cluster, f"{overlays.name()}-settings-tht95772cg")
    do_everything(run, cluster)
    rules = deployer.rules(cluster.objects, STAGE)
    assert cluster.needed - granted(rules) == NO_SECRETS
    assert granted(rules) - cluster.needed == set()


def test_a_right_that_is_missing_is_refused(run: Run, cluster: Cluster) -> None:
    """The cluster of these tests can refuse."""
    rules = deployer.rules(cluster.objects, STAGE)
    for rule in rules:
        rule["resources"] = [each for each in rule["resources"] if each != "ingresses"]
    cluster.as_pipeline(rules)
    cluster.tell(incomplete=True)  # otherwise the task says so, before it begins
    failed = deploy(run)
    assert failed.code == 1
    assert "kubectl apply --filename=- failed" in failed.error


def test_the_role_is_bound_to_an_account_of_its_own(run: Run, cluster: Cluster) -> None:
    done = run("cluster.deployer", f"--stage={STAGE}")
    assert (done.code, done.error) == (0, "")
    account, role, binding = yaml.safe_load_all(done.out)
    name = f"{overlays.name()}-pipeline"
    where = {"name": name, "namespace": STAGE}
    assert [each["kind"] for each in (account, role, binding)] == [
        "ServiceAccount",
        "Role",
        "RoleBinding",
    ]
    assert [each["metadata"] for each in (account, role, binding)] == [where] * 3
    assert account["automountServiceAccountToken"] is False
    assert role["rules"] == deployer.rules(cluster.objects, STAGE)
    assert binding["roleRef"] == {
        "apiGroup": "rbac.authorization.k8s.io",
        "kind": "Role",
        "name": name,
    }
    assert binding["subjects"] == [{"kind": "ServiceAccount", **where}]
    # It is not the account of the pods.
    accounts = [each for each in cluster.objects if each["kind"] == "ServiceAccount"]
    assert name not in [each["metadata"]["name"] for each in accounts]


def test_it_may_neither_read_secrets_nor_change_rights() -> None:
    rules = deployer.rules(written(), STAGE)
    resources = {resource for rule in rules for resource in rule["resources"]}
    groups = {group for rule in rules for group in rule["apiGroups"]}
    assert "secrets" not in resources
    assert "rbac.authorization.k8s.io" not in groups
    assert "*" not in resources | groups | {verb for rule in rules for verb in rule["verbs"]}


@pytest.mark.parametrize(
    ("version", "named", "resource"),
    [
        ("v1", "Service", ("", "services")),
        ("networking.k8s.io/v1", "Ingress", ("networking.k8s.io", "ingresses")),
        ("networking.k8s.io/v1", "NetworkPolicy", ("networking.k8s.io", "networkpolicies")),
        (
            "monitoring.coreos.com/v1",
            "ServiceMonitor",
            ("monitoring.coreos.com", "servicemonitors"),
        ),
        ("gateway.networking.k8s.io/v1", "Gateway", ("gateway.networking.k8s.io", "gateways")),
        ("v1", "Endpoints", ("", "endpoints")),
        ("mesh.io/v1", "Mesh", ("mesh.io", "meshes")),
        ("search.io/v1", "Elasticsearch", ("search.io", "elasticsearches")),
    ],
)
def test_kinds_have_the_resources_that_kubernetes_calls_them(
    version: str, named: str, resource: tuple[str, str]
) -> None:
    assert deployer.resource_of({"apiVersion": version, "kind": named}) == resource
