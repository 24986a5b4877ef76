"""Exactly the declared flows of the example services are open; all others are shut."""

import shutil
from pathlib import Path

import pytest

from tests.kubernetes.cluster import Flow, open_flows
from tests.kubernetes.tools import Object, kustomize, objects_of

Objects = dict[tuple[str, str], list[Object]]

SERVICES = {"users-backend": 8082, "thoughts-backend": 8080, "frontend": 8084}
BACKENDS = ("users-backend", "thoughts-backend")


def dns(*callers: str) -> set[Flow]:
    return {(caller, "dns", 53, protocol) for caller in callers for protocol in ("TCP", "UDP")}


DECLARED: set[Flow] = {
    *(("ingress", name, port, "TCP") for name, port in SERVICES.items()),
    *(("prometheus", name, port + 1, "TCP") for name, port in SERVICES.items()),
    *dns(*SERVICES, *(f"{name} migration" for name in BACKENDS)),
    *((name, "database", 5432, "TCP") for name in BACKENDS),
    *((f"{name} migration", "database", 5432, "TCP") for name in BACKENDS),
    ("frontend", "users-backend", 8082, "TCP"),
    ("frontend", "thoughts-backend", 8080, "TCP"),
}

IN_DEVELOPMENT: set[Flow] = {
    *((name, f"{name}-database", 5432, "TCP") for name in BACKENDS),
    *((f"{name} migration", f"{name}-database", 5432, "TCP") for name in BACKENDS),
}


def of(objects: Objects, overlay: str) -> dict[str, list[Object]]:
    return {name: found for (name, which), found in objects.items() if which == overlay}


@pytest.mark.parametrize("overlay", ["staging", "production"])
def test_exactly_the_declared_flows_are_open(objects: Objects, overlay: str) -> None:
    assert open_flows(of(objects, overlay)) == DECLARED


def test_in_development_each_has_its_own_database(objects: Objects) -> None:
    assert open_flows(of(objects, "development")) == DECLARED | IN_DEVELOPMENT


def test_components_open_what_they_declare(objects: Objects) -> None:
    canaries = {
        (caller.replace(name, f"{name}-canary"), called, port, protocol)
        for name in SERVICES
        for caller, called, port, protocol in DECLARED
        if caller == name
    } | {
        (caller, f"{called}-canary", port, protocol)
        for caller, called, port, protocol in DECLARED
        if called in SERVICES
    }
    both = {("frontend-canary", f"{name}-canary", SERVICES[name], "TCP") for name in BACKENDS}
    serving = [each for name in SERVICES for each in (name, f"{name}-canary")]
    of_components: set[Flow] = {
        *((name, "vault", 8200, "TCP") for name in serving),
        *((f"{name} migration", "vault", 8200, "TCP") for name in BACKENDS),
        *((name, "syslog", 514, "UDP") for name in serving),
        *((f"{name}-pgbouncer", "database", 5432, "TCP") for name in BACKENDS),
        *dns(*(f"{name}-pgbouncer" for name in BACKENDS)),
        *(
            (each, f"{name}-pgbouncer", 6432, "TCP")
            for name in BACKENDS
            for each in (name, f"{name}-canary")
        ),
    }
    assert open_flows(of(objects, "all")) == DECLARED | canaries | both | of_components


# Planted faults.


def changed(service: Path, folder: Path, file: str, old: str, new: str) -> list[Object]:
    """Return the objects of staging with a change in a file of infra/kubernetes."""
    copy = shutil.copytree(service / "infra" / "kubernetes", folder / "kubernetes")
    text = (copy / file).read_text("utf-8")
    assert old in text
    (copy / file).write_text(text.replace(old, new), "utf-8")
    return objects_of(kustomize(copy / "overlays" / "staging"))


POLICIES = "base/network-policies.yaml"


@pytest.mark.parametrize(
    ("name", "file", "old", "new", "flow"),
    [
        # kustomize then adds the label to the selectors of peers, which do not have it.
        (
            "thoughts-backend",
            "base/kustomization.yaml",
            "includeSelectors: false",
            "includeSelectors: true",
            ("thoughts-backend", "dns", 53, "UDP"),
        ),
        (
            "users-backend",
            POLICIES,
            "app.kubernetes.io/component: migration",
            "app.kubernetes.io/component: migrate",
            ("users-backend migration", "database", 5432, "TCP"),
        ),
        (
            "thoughts-backend",
            POLICIES,
            "app.kubernetes.io/name: frontend",
            "app.kubernetes.io/name: frontent",
            ("frontend", "thoughts-backend", 8080, "TCP"),
        ),
        (
            "frontend",
            POLICIES,
            "port: 8082",
            "port: 80",
            ("frontend", "users-backend", 8082, "TCP"),
        ),
    ],
)
def test_a_flow_that_is_cut_is_seen(
    services: dict[str, Path],
    objects: Objects,
    tmp_path: Path,
    name: str,
    file: str,
    old: str,
    new: str,
    flow: Flow,
) -> None:
    found = of(objects, "staging")
    planted = found | {name: changed(services[name], tmp_path, file, old, new)}
    assert flow in DECLARED - open_flows(planted)


@pytest.mark.parametrize(
    ("old", "new", "flow"),
    [
        # Two peers where there was one: any pod of the namespace, or such pods of this one.
        (
            "              kubernetes.io/metadata.name: kube-system\n          podSelector:",
            "              kubernetes.io/metadata.name: kube-system\n        - podSelector:",
            ("thoughts-backend", "other pod of kube-system", 53, "UDP"),
        ),
        (
            "            matchLabels:\n              kubernetes.io/metadata.name: ingress-nginx\n",
            "            {}\n",
            ("false ingress", "thoughts-backend", 8080, "TCP"),
        ),
        (
            "  policyTypes:\n    - Ingress\n    - Egress\n",
            "  policyTypes:\n    - Ingress\n",
            ("thoughts-backend", "outside", 443, "TCP"),
        ),
        (
            "      ports:\n        - port: 8080\n          protocol: TCP\n",
            "",
            ("ingress", "thoughts-backend", 22, "TCP"),
        ),
    ],
)
def test_a_flow_that_is_open_without_being_declared_is_seen(
    services: dict[str, Path], objects: Objects, tmp_path: Path, old: str, new: str, flow: Flow
) -> None:
    name = "thoughts-backend"
    planted = of(objects, "staging")
    planted |= {name: changed(services[name], tmp_path, POLICIES, old, new)}
    assert flow in open_flows(planted) - DECLARED
