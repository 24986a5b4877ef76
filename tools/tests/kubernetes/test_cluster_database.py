"""Test that the manifests and the database settings agree."""

from typing import Any

import pytest
import yaml
from flask_chassis import settings

from ..services import WITH_DATABASE
from .manifests import Object, base

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


def test_pgbouncer_sets_the_statement_timeout_that_it_does_not_forward() -> None:
    declared = settings.declared_in("production.kubernetes")
    given = variables(objects_of("components/pgbouncer/pgbouncer.yaml")["Deployment"])
    milliseconds = declared["database.statement_timeout_seconds"] * 1000
    assert given["CONNECT_QUERY"] == f"SET statement_timeout = {milliseconds}"
    assert given["DATABASE_USER"] == declared["database.user"]


def test_the_service_calls_pgbouncer_where_it_listens() -> None:
    port = objects_of("components/pgbouncer/pgbouncer.yaml")["Service"]["spec"]["ports"][0]["port"]
    given = variables(objects_of("components/pgbouncer/pods.yaml")["Deployment"])
    assert given[settings.variable_for("database.port")] == str(port)
    config = (base().parent / "components/pgbouncer/pgbouncer.ini").read_text(encoding="utf-8")
    assert f"\nlisten_port = {port}\n" in config
