"""Test that `cluster.check` follows hosts, ports and keys through the manifests."""

from collections.abc import Callable
from typing import Any

import pytest
from flask_chassis import project, safe_yaml

from flask_chassis_tools.kubernetes import address_checks, checks, overlays, reach

from ..services import WITH_DATABASE
from .manifests import STAGE, Object, base, container, written
from .test_cluster_own_workloads import added

Objects = list[Object]

pytestmark = pytest.mark.parametrize("kind", WITH_DATABASE)


def read(name: str) -> Objects:
    """Return the objects in a file in infra/kubernetes, in the namespace of the stage."""
    text = (base().parent / name).read_text(encoding="utf-8")
    found = [each for each in safe_yaml.load_all(text) if each]
    for each in found:
        each["metadata"]["namespace"] = STAGE
    return found


def pooled() -> Objects:
    """Return the objects of a stage with PgBouncer, whose database is among them."""
    found = written()
    shared = {"database-host": f"{overlays.name()}-database"}
    found += [
        *read("components/pgbouncer/pgbouncer.yaml"),
        *read("components/pgbouncer/network-policies.yaml"),
        *read("overlays/development/database.yaml"),
        *read("overlays/development/network-policies.yaml"),
        {"kind": "ConfigMap", "metadata": {"name": "acme-shared"}, "data": shared},
    ]
    called = {"HOST": f"{overlays.name()}-pgbouncer", "PORT": "6432"}
    for end, value in called.items():
        variable(found, end).update(value=value, valueFrom={})
    return found


def variable(found: Objects, end: str) -> Any:
    """Return the variable of the service's database whose name ends so."""
    name = f"{project.current().prefix}_DATABASE__{end}"
    [one] = [each for each in container(found)["env"] if each["name"] == name]
    return one


def named(found: Objects, kind: str, end: str) -> Any:
    """Return the object of a kind with the service's name and an end."""
    return overlays.one(found, kind, f"{overlays.name()}-{end}")


def pool(found: Objects) -> Any:
    """Return PgBouncer's container."""
    return named(found, "Deployment", "pgbouncer")["spec"]["template"]["spec"]["containers"][0]


def test_a_pool_between_the_service_and_its_database_is_valid() -> None:
    assert checks.faults_in(pooled(), STAGE) == []


SPEC = "spec"

PLANTED: dict[str, tuple[Callable[[Objects], Any], str]] = {
    "a port that the pool does not have": (
        lambda found: variable(found, "PORT").update(value="5432"),
        "-pgbouncer:5432, but the Service SERVICE-pgbouncer has the port 6432: call it there.",
    ),
    "a host that is not there": (
        lambda found: found.remove(named(found, "Service", "pgbouncer")),
        "database.host is SERVICE-pgbouncer:6432, but there is no Service SERVICE-pgbouncer in the",
    ),
    "one of several hosts": (
        lambda found: (
            found.remove(named(found, "Service", "pgbouncer")),
            variable(found, "HOST").update(value=f"db.example.com,{overlays.name()}-pgbouncer"),
        ),
        "but there is no Service SERVICE-pgbouncer",
    ),
    "a pool that may not call the database": (
        lambda found: named(found, "NetworkPolicy", "pgbouncer-development")[SPEC].update(
            egress=[]
        ),
        (
            "container pgbouncer: DATABASE_HOST is SERVICE-database, but no network policy lets it "
            "through to StatefulSet SERVICE-database at 5432: add database to `calls` of pgbouncer"
        ),
    ),
    "a database that does not admit the pool": (
        lambda found: named(found, "NetworkPolicy", "database-development")[SPEC]["ingress"][0][
            "from"
        ].pop(),
        "and pgbouncer to what database admits, in infra/flows.yaml",
    ),
    "a flow to another namespace": (
        lambda found: named(found, "NetworkPolicy", "service-pgbouncer")[SPEC]["egress"][0]["to"][
            0
        ].update(namespaceSelector={"matchLabels": {"kubernetes.io/metadata.name": "other"}}),
        "no network policy lets it through to Deployment SERVICE-pgbouncer at 6432",
    ),
    "a flow to other ports": (
        lambda found: named(found, "NetworkPolicy", "service-pgbouncer")[SPEC]["egress"][0].update(
            ports=[{"port": 6433, "endPort": 6439}, {"port": 6432, "protocol": "UDP"}]
        ),
        "no network policy lets it through to Deployment SERVICE-pgbouncer at 6432",
    ),
    "a flow to addresses": (
        lambda found: named(found, "NetworkPolicy", "service-pgbouncer")[SPEC]["egress"][0].update(
            to=[{"ipBlock": {"cidr": "0.0.0.0/0"}}]
        ),
        "no network policy lets it through to Deployment SERVICE-pgbouncer at 6432",
    ),
    "a Service that leads to no port": (
        lambda found: pool(found)["ports"][0].update(name="pool"),
        "Service SERVICE-pgbouncer leads to the port pgbouncer, which the pods of Deployment",
    ),
    "a Service without pods": (
        lambda found: named(found, "Service", "pgbouncer")[SPEC]["selector"].update(x="y"),
        "Service SERVICE-pgbouncer selects no pods: ",
    ),
    "an address in a URL": (
        lambda found: pool(found)["env"].append(
            {"name": "STATS_URL", "value": f"http://{overlays.name()}-pgbouncer:9127/"}
        ),
        "STATS_URL is SERVICE-pgbouncer:9127, but the Service SERVICE-pgbouncer has the port 6432",
    ),
    "a ConfigMap without the key": (
        lambda found: found[-1]["data"].pop("database-host"),
        "DATABASE__HOST is the key database-host of the ConfigMap acme-shared, which does not",
    ),
    "a Secret without the key": (
        lambda found: found.append(
            {"kind": "Secret", "metadata": {"name": overlays.name()}, "stringData": {"x": "y"}}
        ),
        "is the key database.password of the Secret SERVICE, which does not have it",
    ),
}


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_found(fault: str) -> None:
    plant, said = PLANTED[fault]
    found = pooled()
    plant(found)
    faults = checks.faults_in(found, STAGE)
    assert [each for each in faults if said.replace("SERVICE", overlays.name()) in each], faults


@pytest.mark.parametrize(
    "change",
    [
        lambda rule: rule.update(ports=[{"port": 6430, "endPort": 6439}]),
        lambda rule: rule.update(ports=[{"protocol": "TCP"}]),
        lambda rule: rule.pop("ports"),
        lambda rule: rule.pop("to"),
        lambda rule: rule["to"][0].update(namespaceSelector={}),
        lambda rule: rule["to"][0].update(
            podSelector={
                "matchExpressions": [
                    {
                        "key": "app.kubernetes.io/component",
                        "operator": "In",
                        "values": ["pgbouncer"],
                    }
                ]
            }
        ),
    ],
    ids=["range", "any port", "all ports", "anybody", "any namespace", "expression"],
)
def test_a_flow_may_be_written_in_other_ways(change: Callable[[Any], Any]) -> None:
    found = pooled()
    change(named(found, "NetworkPolicy", "service-pgbouncer")[SPEC]["egress"][0])
    assert checks.faults_in(found, STAGE) == []


ELSEWHERE = [
    "db.example.com",
    "pooler.elsewhere",
    "otherservice",
    "",
    # Named after this service: by an operator of databases, by a sibling, by a person.
    "SERVICE-db-rw",
    "SERVICE-reports:8080",
    "SERVICE.localhost",
    "SERVICE-pgbouncer.other-namespace",
    "SERVICE-pgbouncer.other-namespace.svc.cluster.local",
]


@pytest.mark.parametrize("host", ELSEWHERE)
def test_what_is_elsewhere_is_not_judged(host: str) -> None:
    found = pooled()
    variable(found, "HOST").update(value=host.replace("SERVICE", overlays.name()))
    assert list(address_checks.addresses(found, STAGE)) == []


def test_a_name_for_something_elsewhere_selects_nothing_and_is_valid() -> None:
    found = written()
    spec = {"type": "ExternalName", "externalName": "cache.example.com"}
    spec |= {"ports": [{"port": 6379}]}  # which mean nothing
    found.append({"kind": "Service", "metadata": {"name": "cache"}, "spec": spec})
    assert checks.faults_in(found, STAGE) == []
    container(found)["env"].append({"name": "CACHE_URL", "value": "http://cache:1234/"})
    assert list(address_checks.addresses(found, STAGE)) == []
    assert reach.selected(found[-1], found) == []


def test_the_shared_config_map_is_not_judged_where_it_is_not_in_the_manifests() -> None:
    found = pooled()
    variable(found, "HOST").update(
        valueFrom={"configMapKeyRef": {"name": "acme-elsewhere", "key": "database-host"}}
    )
    assert list(address_checks.keys(found, STAGE)) == []


@pytest.mark.parametrize(
    ("end", "port", "is_right"),
    [("", "6432", True), (f".{STAGE}", "6432", True), (f".{STAGE}.svc.cluster.local.", "1", False)],
)
def test_a_service_has_names_with_its_namespace(end: str, port: str, is_right: bool) -> None:
    found = pooled()
    host = f"{overlays.name()}-pgbouncer{end}"
    container(found)["env"].append({"name": "OTHER_HOST", "value": f"{host}:{port}"})
    assert (list(address_checks.addresses(found, STAGE)) == []) == is_right


def test_a_policy_may_name_a_port_as_the_pods_do() -> None:
    found = pooled()
    rule = named(found, "NetworkPolicy", "service-pgbouncer")[SPEC]["egress"][0]
    [known] = [each["name"] for each in pool(found)["ports"] if each["containerPort"] == 6432]
    rule["ports"] = [{"port": known}]
    assert checks.faults_in(found, STAGE) == []
    rule["ports"] = [{"port": "another"}]
    assert "no network policy lets it through" in checks.faults_in(found, STAGE)[0]


def test_a_datagram_needs_a_policy_for_datagrams() -> None:
    found = pooled()
    service = named(found, "Service", "pgbouncer")
    service[SPEC]["ports"].append(
        {"name": "s", "port": 8125, "protocol": "UDP", "targetPort": 8125}
    )
    container(found)["env"] += [
        {"name": "STATSD_HOST", "value": f"{overlays.name()}-pgbouncer"},
        {"name": "STATSD_PORT", "value": "8125"},
    ]
    [fault] = address_checks.addresses(found, STAGE)
    assert "at 8125: add pgbouncer to `calls` of service" in fault
    opened = {"port": 8125, "protocol": "UDP"}
    named(found, "NetworkPolicy", "service-pgbouncer")[SPEC]["egress"][0]["ports"].append(opened)
    policy = named(found, "NetworkPolicy", "pgbouncer-pgbouncer")
    policy[SPEC]["ingress"][0]["ports"].append(opened)
    assert list(address_checks.addresses(found, STAGE)) == []


def test_an_address_that_is_none_is_left_to_the_start() -> None:
    found = written()
    container(found)["env"].append({"name": "TENANT_URL", "value": "https://[tenant].example.com/"})
    assert list(address_checks.addresses(found, STAGE)) == []


def test_a_job_that_has_no_use_for_the_database_needs_no_flow_to_it() -> None:
    """It has the address, as all containers of the image do."""
    found = pooled()
    own = added(found)
    assert list(address_checks.addresses(found, STAGE)) == []
    # One that calls a database elsewhere has, and the one of this stage is forgotten.
    [policy] = [each for each in found if each["metadata"] == own["metadata"] and each is not own]
    elsewhere = {"to": [{"ipBlock": {"cidr": "192.0.2.0/24"}}], "ports": [{"port": 6432}]}
    policy[SPEC]["egress"] = [elsewhere]
    [fault] = address_checks.addresses(found, STAGE)
    assert "no network policy lets it through" in fault
