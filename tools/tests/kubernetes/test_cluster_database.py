"""Test that the manifests and the database settings agree."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask_chassis import project, settings
from flask_chassis.project import Project

from flask_chassis_tools.kubernetes import address_checks, checks, overlays, pgbouncer

from ..conftest import Run
from ..services import WITH_DATABASE
from .manifests import Object, base, container, written

pytestmark = pytest.mark.parametrize("kind", WITH_DATABASE)


def objects_of(name: str) -> dict[str, Object]:
    """Return the objects in a file in infra/kubernetes by kind."""
    text = (base().parent / name).read_text(encoding="utf-8")
    return {each["kind"]: each for each in yaml.safe_load_all(text)}


def variables(workload: Object) -> dict[str, Any]:
    """Return the environment variables of a workload's container."""
    [container] = workload["spec"]["template"]["spec"]["containers"]
    return {each["name"]: each.get("value") for each in container["env"]}


def test_the_database_of_a_local_cluster_matches_the_settings() -> None:
    declared = settings.declared_in("development.kubernetes")
    objects = objects_of("overlays/development/database.yaml")
    given = variables(objects["StatefulSet"])
    assert objects["Service"]["metadata"]["name"] == declared["database.host"]
    assert objects["Service"]["spec"]["ports"][0]["port"] == declared["database.port"]
    assert given["POSTGRES_DB"] == declared["database.name"]
    assert given["POSTGRES_USER"] == declared["database.user"]
    assert given["POSTGRES_PASSWORD"] == declared["database.password"]


def test_pgbouncer_signs_in_as_the_service_does() -> None:
    declared = settings.declared_in("production.kubernetes")
    given = variables(objects_of("components/pgbouncer/pgbouncer.yaml")["Deployment"])
    assert given["DATABASE_USER"] == declared["database.user"]


def test_pgbouncer_has_the_time_outs_of_the_settings() -> None:
    assert not pgbouncer.is_different(project.working_folder())
    declared = dict(settings.declared_in("production.kubernetes"))
    declared |= {
        "database.connect_timeout_seconds": 2,
        "database.statement_timeout_seconds": 7,
        "database.target_session_attrs": "any",
    }
    lines = pgbouncer.text(declared).splitlines()
    assert {"query_wait_timeout = 2", "query_timeout = 8", "tcp_user_timeout = 9000"} <= {*lines}
    assert lines[-1].endswith(" connect_query='SET statement_timeout = 7000'")


@pytest.fixture
def copy(service: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the service, which a test may change."""
    folder = shutil.copytree(service.folder.parent, tmp_path / service.folder.parent.name)
    monkeypatch.setattr(project, "_current", Project(service.package, folder / service.package))
    return Path(folder)


def test_settings_that_pgbouncer_does_not_follow_are_found_and_written(
    copy: Path, run: Run
) -> None:
    done = run("cluster.pgbouncer", "--check")
    assert (done.code, done.out) == (0, f"{pgbouncer.FILE} is up to date.\n")
    text = (copy / "settings.yaml").read_text("utf-8")
    before, after = (f"statement_timeout_seconds: {seconds}" for seconds in (15, 20))
    assert before in text
    (copy / "settings.yaml").write_text(text.replace(before, after), "utf-8")
    done = run("cluster.pgbouncer", "--check")
    assert done.code == 1
    assert "does not match the settings: run the task cluster.pgbouncer" in done.error
    assert any("run the task cluster.pgbouncer" in fault for fault in checks.faults_in_files())
    assert run("cluster.pgbouncer").out == f"Written: {pgbouncer.FILE}.\n"
    assert checks.faults_in_files() == []
    assert "SET statement_timeout = 20000;" in (copy / pgbouncer.FILE).read_text("utf-8")


def test_a_service_without_the_component_is_told_so(copy: Path, run: Run) -> None:
    shutil.rmtree(copy / pgbouncer.FOLDER)
    done = run("cluster.pgbouncer")
    assert done.code == 2
    assert "this service has no PgBouncer" in done.error
    assert not any("cluster.pgbouncer" in fault for fault in checks.faults_in_files())


def test_the_service_calls_pgbouncer_where_it_listens() -> None:
    port = objects_of("components/pgbouncer/pgbouncer.yaml")["Service"]["spec"]["ports"][0]["port"]
    given = variables(objects_of("components/pgbouncer/pods.yaml")["Deployment"])
    assert given[settings.variable_for("database.port")] == str(port)
    config = (base().parent / "components/pgbouncer/pgbouncer.ini").read_text(encoding="utf-8")
    assert f"\nlisten_port = {port}\n" in config


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({}, ""),
        # As with the component pgbouncer, whose host the overlay's own patch takes out again.
        ({"DATABASE__PORT": "6432"}, ":6432, but the Service"),
        (
            {"DATABASE__PORT": "6432", "DATABASE__HOST": "SERVICE-database.development.svc"},
            ":6432, but the Service",
        ),
        # A server in a cloud may be called as a Service is.
        ({"DATABASE__PORT": "6432", "DATABASE__HOST": "SERVICE-database.eu.example.com"}, ""),
        ({"DATABASE__PORT": "6432", "DATABASE__HOST": "pooler.elsewhere"}, ""),
    ],
    ids=["own", "port", "full name", "cloud", "elsewhere"],
)
def test_a_database_in_the_manifests_is_called_at_its_port(
    given: dict[str, str], fault: str
) -> None:
    """A local cluster has its own."""
    prefix = project.current().prefix
    found = [*written(), objects_of("overlays/development/database.yaml")["Service"]]
    container(found)["env"] = [
        {"name": f"{prefix}_{name}", "value": value.replace("SERVICE", overlays.name())}
        for name, value in given.items()
    ]
    found[-1]["metadata"]["namespace"] = "development"
    faults = list(address_checks.addresses([found[-1], *found[:-1]], "development"))
    serving = [each for each in faults if "container service: " in each]
    assert [fault in each for each in serving] == ([True] if fault else [])


def test_a_service_without_ports_is_no_database_in_the_manifests() -> None:
    service = objects_of("overlays/development/database.yaml")["Service"]
    service["spec"] = {"type": "ExternalName", "externalName": "database.example.com"}
    assert list(address_checks.addresses([*written(), service], "development")) == []


def test_an_address_of_the_settings_env_is_compared_too() -> None:
    found = [*written(), objects_of("overlays/development/database.yaml")["Service"]]
    container(found)["env"] = []
    settings_env = next(
        each
        for each in found
        if each["kind"] == "ConfigMap" and each["metadata"]["name"].endswith("-settings")
    )
    settings_env["data"][f"{project.current().prefix}_DATABASE__PORT"] = "6432"
    faults = list(address_checks.addresses(found, "development"))
    assert any("-database:6432, but the Service" in each for each in faults)
