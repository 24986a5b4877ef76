"""Three services, deployed once to a real cluster; each test leaves it as it has found it."""

import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.render import example
from tests.cluster.cluster import DATA, EDGE, OWN, STAGE, Cluster
from tests.cluster.service import Service, copy_of
from tests.conftest import EXAMPLES
from tests.services import EXTRAS, install

FIRST, SECOND = "v1.0", "v1.1"
"""Two versions of each service, with images on the nodes."""

POSTGRES, PYTHON = "postgres:15-bookworm", "python:3.13-slim-bookworm"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take the cluster from `./invoke cluster-test`."""
    parser.addoption("--kube-context", default="", help="the context of the cluster to break")
    parser.addoption("--record", action="store_true", help="record what the cluster answers")
    parser.addoption("--load", default="", help="a command that puts {image} on the nodes")


@pytest.fixture(scope="session")
def cluster(pytestconfig: pytest.Config) -> Iterator[Cluster]:
    """The cluster, with the namespaces that the services share, and a PostgreSQL."""
    context = pytestconfig.getoption("--kube-context", default="")
    if not context:
        pytest.skip("no cluster was named: ./invoke cluster-test --context=…")
    found = Cluster(context, pytestconfig.getoption("--load"))
    found.require_free()
    for name in (STAGE, DATA, EDGE):
        metadata = {"name": name, "labels": {OWN: ""}}
        found.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
    put(found, POSTGRES)
    found.kubectl("apply", f"--filename={Path(__file__).with_name('postgres.yaml')}")
    found.kubectl(
        "rollout", "status", "deployment/postgresql", f"--namespace={DATA}", "--timeout=180s"
    )
    yield found
    for name in (STAGE, DATA, EDGE):
        found.kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture(scope="session")
def services(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Service]:
    """The service of each kind, with a database, images of two versions, and the first one runs."""
    folder = tmp_path_factory.mktemp("services")
    found = {}
    for kind in ("issuer", "resource", "frontend"):
        name = EXAMPLES[kind]
        installed = install(example(name), extras=EXTRAS)
        service = copy_of(installed, folder / name, cluster)
        found[kind] = service
        for tag in (FIRST, SECOND):
            service.build(tag)
    for kind in ("issuer", "resource"):
        make_database(cluster, found[kind].name)
    keys = found["issuer"].task("keys.generate", "--once")
    assert keys.returncode == 0, keys.stderr
    shared = found["issuer"].folder / "keys"
    for kind, service in found.items():
        if kind == "resource":
            (service.folder / "keys").symlink_to(shared)
        service.prepare(values_for(service))
        service.deployed(FIRST)
    return found


@pytest.fixture
def resource(services: dict[str, Service]) -> Service:
    """The service with a domain, and a database."""
    return services["resource"]


@pytest.fixture
def frontend(services: dict[str, Service]) -> Service:
    """The service without a database, so that no migration comes first."""
    return services["frontend"]


@pytest.fixture(scope="session")
def image(cluster: Cluster) -> str:
    """An image with a Python, on all nodes."""
    put(cluster, PYTHON)
    return PYTHON


def put(cluster: Cluster, image: str) -> None:
    """Put a public image on the nodes."""
    if subprocess.run(["docker", "image", "inspect", image], capture_output=True).returncode:
        subprocess.run(["docker", "pull", "--quiet", image], check=True)
    cluster.put(image)


def values_for(service: Service) -> dict[str, str]:
    """Return the values that an operator gives a service in staging."""
    return {
        "DATABASE_HOST": f"postgresql.{DATA}",
        "DATABASE_PASSWORD": password_of(service.name),
        "SESSION_SECRET_KEY": "for-a-test-cluster-and-nobody-else-0123456789",
    }


def password_of(name: str) -> str:
    """Return the password of a service's role."""
    return f"password-of-{name}"


def make_database(cluster: Cluster, name: str) -> None:
    """Create the role and the database of a service, as an administrator does."""
    role = name.replace("-", "_")
    for statement in (
        f"CREATE ROLE {role} LOGIN PASSWORD '{password_of(name)}'",
        f"CREATE DATABASE {role} OWNER {role}",
    ):
        command = shlex.join(["psql", "--username=postgres", f"--command={statement}"])
        cluster.kubectl(
            "exec", "deployment/postgresql", f"--namespace={DATA}", "--", "sh", "-c", command
        )
