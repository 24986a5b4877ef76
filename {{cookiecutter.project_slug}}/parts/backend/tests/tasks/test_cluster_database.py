"""What stands both in the manifests and in the settings of the database is the same."""

from typing import Any

import yaml

from {{ cookiecutter.package_name }}.chassis import settings

from .manifests import BASE, Object


def objects_of(name: str) -> dict[str, Object]:
    """Return the objects of a file below infra/kubernetes, by their kinds."""
    text = (BASE.parent / name).read_text(encoding="utf-8")
    return {each["kind"]: each for each in yaml.safe_load_all(text)}


def variables(workload: Object) -> dict[str, Any]:
    """Return the values of the variables of its container."""
    [container] = workload["spec"]["template"]["spec"]["containers"]
    return {each["name"]: each.get("value") for each in container["env"]}


def test_the_database_of_a_local_cluster_is_the_one_that_is_looked_for() -> None:
    declared = settings.declared_in("development.kubernetes")
    objects = objects_of("overlays/development/database.yaml")
    given = variables(objects["StatefulSet"])
    assert objects["Service"]["metadata"]["name"] == declared["database.host"]
    assert objects["Service"]["spec"]["ports"][0]["port"] == declared["database.port"]
    assert given["POSTGRES_DB"] == declared["database.name"]
    assert given["POSTGRES_USER"] == declared["database.user"]
    assert given["POSTGRES_PASSWORD"] == declared["database.password"]


def test_pgbouncer_sets_the_bound_for_statements_that_it_does_not_pass_on() -> None:
    declared = settings.declared_in("production.kubernetes")
    given = variables(objects_of("components/pgbouncer/pgbouncer.yaml")["Deployment"])
    milliseconds = declared["database.statement_timeout_seconds"] * 1000
    assert given["CONNECT_QUERY"] == f"SET statement_timeout = {milliseconds}"
    assert given["DATABASE_USER"] == declared["database.user"]


def test_the_service_calls_pgbouncer_where_it_listens() -> None:
    port = objects_of("components/pgbouncer/pgbouncer.yaml")["Service"]["spec"]["ports"][0]["port"]
    given = variables(objects_of("components/pgbouncer/pods.yaml")["Deployment"])
    assert given[settings.variable_for("database.port")] == str(port)
    config = (BASE.parent / "components/pgbouncer/pgbouncer.ini").read_text(encoding="utf-8")
    assert f"\nlisten_port = {port}\n" in config
