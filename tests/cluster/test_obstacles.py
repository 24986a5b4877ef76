"""What keeps a version from running is named by `cluster.deploy`, soon."""

import json
import time
from collections.abc import Iterator

import pytest

from tests.cluster.cluster import DATA, STAGE, until
from tests.cluster.conftest import FIRST, SECOND, password_of
from tests.cluster.service import Service, pods_run

SOON_SECONDS = 300
"""What does not mend itself is waited for 60 s, and a crash for 150 s; machines are slow."""


FOR_A_WHILE = ("--timeout=60",)
"""What may mend itself, for instance by another node, is waited for."""


def refused(service: Service, tag: str, *words: str) -> str:
    """Deploy a version that cannot run, and return what is printed before time is over."""
    begun = time.monotonic()
    done = service.deploy(tag, *words)
    assert done.returncode == 1, done.stdout
    assert time.monotonic() - begun < SOON_SECONDS
    return done.stdout + done.stderr


@pytest.fixture(autouse=True)
def back(request: pytest.FixtureRequest, services: dict[str, Service]) -> Iterator[None]:
    """Deploy the first version again where a test has deployed something else."""
    yield
    for name in ("frontend", "resource"):
        if name in request.fixturenames:
            services[name].deployed(FIRST)


@pytest.mark.parametrize("kind", ["frontend", "resource"])
def test_a_tag_that_no_registry_has_is_named(services: dict[str, Service], kind: str) -> None:
    service = services[kind]
    said = refused(service, "v9.9")
    assert "v9.9" in said
    assert "ImagePull" in said
    until(lambda: pods_run(service, FIRST) or True, "the version before")
    ready = service.cluster.ask(
        "rollout", "history", f"deployment/{service.name}", f"--namespace={STAGE}"
    )
    assert ready.returncode == 0
    service.deployed(FIRST)


@pytest.fixture
def _another_password(resource: Service) -> Iterator[None]:
    """Let the database server have another password for the service than its Secret."""
    role = resource.name.replace("-", "_")

    def alter(password: str) -> None:
        statement = f"ALTER ROLE {role} PASSWORD '{password}'"
        psql = ("psql", "--username=postgres", f"--command={statement}")
        where = f"--namespace={DATA}"
        resource.cluster.kubectl("exec", "deployment/postgresql", where, "--", *psql)

    alter("another")
    yield
    alter(password_of(resource.name))


@pytest.mark.usefixtures("_another_password")
def test_a_wrong_password_ends_the_migration_at_once(resource: Service) -> None:
    label = f"app.kubernetes.io/name={resource.name},app.kubernetes.io/component=migration"
    resource.cluster.kubectl("delete", "jobs", f"--selector={label}", f"--namespace={STAGE}")
    said = refused(resource, SECOND)
    assert "password authentication failed" in said
    assert "Nothing was rolled out" in said


@pytest.mark.usefixtures("_another_password")
def test_a_wrong_password_ends_the_rollout_of_a_version_that_has_migrated(
    resource: Service,
) -> None:
    resource.edit("overlays/staging/settings.env", "LOGS__LEVEL=INFO", "LOGS__LEVEL=WARNING")
    try:
        said = refused(resource, FIRST)
    finally:
        resource.edit("overlays/staging/settings.env", "LOGS__LEVEL=WARNING", "LOGS__LEVEL=INFO")
    assert "container wait-for-migration: CrashLoopBackOff" in said
    assert "password authentication failed" in said
    assert "Pods of the previous version serve" in said


def test_a_pod_that_fits_on_no_node_is_named(frontend: Service) -> None:
    deployment = "base/deployment.yaml"
    frontend.edit(deployment, "memory: 250Mi", "memory: 2000Gi")
    frontend.edit(deployment, "memory: 640Mi", "memory: 2000Gi")
    try:
        said = refused(frontend, SECOND, *FOR_A_WHILE)
    finally:
        frontend.edit(
            deployment,
            "            requests:\n              cpu: 250m\n              memory: 2000Gi",
            "            requests:\n              cpu: 250m\n              memory: 250Mi",
        )
        frontend.edit(deployment, "memory: 2000Gi", "memory: 640Mi")
    assert "Unschedulable" in said
    assert "Insufficient memory" in said


def test_a_quota_that_admits_no_pod_is_named(frontend: Service) -> None:
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "full", "namespace": STAGE},
        "spec": {"hard": {"pods": "1"}},
    }
    frontend.cluster.apply(quota)
    try:
        said = refused(frontend, SECOND, *FOR_A_WHILE)
    finally:
        frontend.cluster.kubectl("delete", "resourcequota", "full", f"--namespace={STAGE}")
    assert "exceeded quota" in said


def test_a_secret_that_lacks_a_key_is_named(frontend: Service) -> None:
    cluster, key = frontend.cluster, "session.secret_key"
    where = ("secret", frontend.name, f"--namespace={STAGE}")
    data = json.loads(cluster.kubectl("get", *where, "--output=json"))["data"]

    def change(value: str | None) -> None:
        patch = json.dumps({"data": {key: value}})
        cluster.kubectl("patch", *where, "--type=merge", f"--patch={patch}")

    change(None)
    try:
        said = refused(frontend, SECOND)
    finally:
        change(data[key])
    assert f"Secret {frontend.name}, its key {key}" in said
