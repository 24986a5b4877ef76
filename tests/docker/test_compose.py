"""The compose files of a service, used as docs/reference/containers.md says, each command twice."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import requests

from tasks.folders import PROGRAMS
from tasks.ports import free_port
from tests.docker.engine import ask, docker, inspect, until
from tests.docker.test_image import copy_of
from tests.quick.test_pairs import succeeds
from tests.services import InstalledService, clean_environment

PROVISION = "docker-compose.provision.yaml"
TESTS = "docker-compose.test.yaml"

LONGEST_SECONDS = 400

NAMES = {"thoughts-backend": "composed-backend", "acme-net": "composed-net"}
"""Other names than the example's: what somebody runs of that stays as it is."""


@dataclass(frozen=True)
class Composed:
    """A service whose compose files are used."""

    folder: Path
    installed: InstalledService
    variables: dict[str, str]

    def runs(self, *words: str | Path) -> subprocess.CompletedProcess[str]:
        """Run a command in the service's folder."""
        return subprocess.run(
            words,
            cwd=self.folder,
            # The commands of the example that is installed, with the code of this copy.
            env=clean_environment() | {"PYTHONPATH": str(self.folder)} | self.variables,
            capture_output=True,
            text=True,
            timeout=LONGEST_SECONDS,
        )

    def prints(self, *words: str | Path) -> str:
        """Run a command that must succeed, and return what it prints."""
        done = self.runs(*words)
        assert done.returncode == 0, f"{words}:\n{done.stdout}{done.stderr}"
        return done.stdout

    def task(self, *words: str) -> str:
        """Run one of the service's tasks."""
        return self.prints(self.installed.bin / "acme-tasks", *words)

    def compose(self, *words: str) -> str:
        """Run a command of compose."""
        return self.prints("docker", "compose", *words)

    def twice(self, *words: str) -> str:
        """Run a command of compose two times, and return what the second one prints."""
        self.compose(*words)
        return self.compose(*words)

    @property
    def address(self) -> str:
        """The address of the service."""
        return f"http://127.0.0.1:{self.variables['HTTP_PORT']}"


@pytest.fixture(scope="module")
def composed(
    rendered_service: InstalledService, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Composed]:
    """The resource, whose containers are gone after the tests."""
    folder = copy_of(rendered_service.path, tmp_path_factory.mktemp("composed") / "service")
    for path in folder.glob("docker-compose*.yaml"):
        text = path.read_text("utf-8")
        for old, new in NAMES.items():
            text = text.replace(old, new)
        path.write_text(text, "utf-8")
    settings = (folder / "settings.yaml").read_text("utf-8")
    # In the first place of two, where compose's own section has it.
    settings = settings.replace("host: thoughts-backend-", "host: composed-backend-", 1)
    (folder / "settings.yaml").write_text(settings, "utf-8")
    ports = {name: str(free_port()) for name in ("HTTP_PORT", "METRICS_PORT", "DATABASE_PORT")}
    made = Composed(folder, rendered_service, ports)
    try:
        yield made
    finally:
        made.task("down", "--data")
        made.compose("--file", TESTS, "down", "--volumes")
        ask("network", "rm", "composed-net")


def test_the_network_is_made_once_and_as_it_is_asked_for(composed: Composed) -> None:
    subnet = "--subnet=10.213.77.0/24"
    for words in ([subnet], [subnet], []):
        said = composed.task("network.create", *words)
        assert said == "The network composed-net exists with the subnet 10.213.77.0/24.\n"
    network = inspect("composed-net")
    assert network["Driver"] == "bridge"
    refused = composed.runs(
        composed.installed.bin / "acme-tasks", "network.create", "--subnet=10.213.78.0/24"
    )
    assert refused.returncode == 1
    assert "docker network rm composed-net" in refused.stderr


def test_the_database_is_provided(composed: Composed) -> None:
    provision = ("--file", PROVISION)
    composed.twice(*provision, "up", "-d", "database")
    said = composed.twice(*provision, "run", "--rm", "create-db")
    assert "Database thoughts_backend of role thoughts_backend is there, on " in said
    assert "The database is at head." in composed.twice(*provision, "run", "--rm", "migrate")
    ports = composed.compose(*provision, "port", "database", "5432")
    assert ports.strip() == f"127.0.0.1:{composed.variables['DATABASE_PORT']}"


def test_one_task_does_all_of_it(composed: Composed) -> None:
    for _ in range(2):
        said = composed.task("up")
        assert f"Service: {composed.address}/" in said
    assert requests.get(f"{composed.address}/health/ready", timeout=10).ok


def test_the_service_is_used_reloads_and_leaves_files_of_the_owner(composed: Composed) -> None:
    composed.compose("up", "--detach", "--wait")
    said = composed.compose("run", "--rm", "service", "acme-tasks", "token.issue")
    headers = {"Authorization": f"Bearer {said.splitlines()[-1]}"}
    url = f"{composed.address}/api/me/thoughts/"
    assert requests.post(url, {"text": "x"}, headers=headers, timeout=10).status_code == 201

    domain = composed.folder / "thoughts_backend" / "domain.py"
    planted = (
        "\n    from flask_chassis.auth.access import public"
        "\n    app.add_url_rule('/planted', view_func=public(lambda: 'reloaded'))\n"
    )
    text = domain.read_text("utf-8")
    domain.write_text(text.rstrip() + planted, "utf-8")
    try:
        until(
            lambda: requests.get(f"{composed.address}/planted", timeout=10).text == "reloaded",
            "reloaded",
        )
    finally:
        domain.write_text(text, "utf-8")
    owner = composed.folder.stat().st_uid
    made = [composed.folder / "keys", *(composed.folder / "keys").rglob("*")]
    assert len(made) > 3
    assert {path.stat().st_uid for path in made} == {owner}


def test_what_runs_is_confined(composed: Composed) -> None:
    composed.compose("up", "--detach", "--wait")
    found = [
        inspect(composed.compose(*words, "ps", "--quiet", name).strip())["HostConfig"]
        for words, name in ((("--file", PROVISION), "database"), ((), "service"))
    ]
    for host in found:
        assert host["ReadonlyRootfs"]
        assert host["CapDrop"] == ["ALL"]
        assert host["SecurityOpt"] == ["no-new-privileges:true"]
        assert host["Memory"] > 0
        assert host["PidsLimit"] > 0
        bound = [at for ports in host["PortBindings"].values() for at in ports]
        assert {at["HostIp"] for at in bound} == {"127.0.0.1"}


def test_the_tests_run_in_containers_and_tell_teamcity(composed: Composed) -> None:
    told = replace(composed, variables=composed.variables | {"TEAMCITY_VERSION": "2025.07"})
    said = told.compose("--file", TESTS, "run", "--rm", "tests")
    assert "##teamcity[testFinished" in said
    assert "##teamcity[testFailed" not in said
    again = composed.compose(
        *("--file", TESTS, "run", "--rm", "tests", "acme-tasks", "tests", "--select=guard")
    )
    assert "##teamcity" not in again


def test_the_checks_run_in_containers(composed: Composed) -> None:
    assert "All checks passed." in composed.twice("--file", TESTS, "run", "--rm", "check")


def test_a_fault_ends_the_checks(composed: Composed) -> None:
    planted = composed.folder / "planted.py"
    planted.write_text("import os\n")
    try:
        failed = composed.runs("docker", "compose", "--file", TESTS, "run", "--rm", "check")
    finally:
        planted.unlink()
    assert failed.returncode == 1
    assert "Failed: lint." in failed.stderr


def test_the_source_is_mounted_from_where_ci_says(composed: Composed) -> None:
    """The folder on the engine's host, if it differs from the one that compose runs in."""
    elsewhere = replace(composed, variables=composed.variables | {"CODE_DIR": "/srv/checkout"})
    for name in ("docker-compose.yaml", PROVISION, TESTS):
        read = json.loads(elsewhere.compose("--file", name, "config", "--format=json"))
        mounts = [
            mount["source"]
            for service in read["services"].values()
            if "build" in service
            for mount in service["volumes"]
        ]
        assert set(mounts) == {"/srv/checkout"}


def test_the_files_are_what_compose_and_its_schema_say(
    service_of_each_kind: InstalledService,
) -> None:
    names = sorted(service_of_each_kind.path.glob("docker-compose*.yaml"))
    assert len(names) >= 2
    for name in names:
        docker("compose", "--file", name, "config", "--quiet")
        succeeds(
            service_of_each_kind.path,
            *(PROGRAMS / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", name),
        )


def test_a_fault_in_a_compose_file_is_found(tmp_path: Path) -> None:
    planted = tmp_path / "docker-compose.yaml"
    planted.write_text("services:\n  x:\n    image: y\n    port: 1\n")
    assert ask("compose", "--file", planted, "config", "--quiet").returncode != 0
