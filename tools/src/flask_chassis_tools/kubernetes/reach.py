"""Follows a host and a port through the manifests: a Service, its pods, and the network policies.

It knows the pods and Services of this service alone, which share a namespace. What is elsewhere is
not judged.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from flask_chassis import project, safe_yaml

from flask_chassis_tools.kubernetes import flows, overlays
from flask_chassis_tools.kubernetes.kubectl import Object
from flask_chassis_tools.kubernetes.object_checks import (
    has,
    labels,
    of,
    policy_types,
    selects,
    title,
    workloads,
)
from flask_chassis_tools.kubernetes.prerequisites import containers

Labels = Mapping[str, str]

Port = tuple[int, str]
"""A number, and a protocol of Kubernetes: TCP, UDP or SCTP."""


def service(host: str, objects: list[Object]) -> Object | None:
    """Return the Service of the manifests that a host is the name of, if it is one.

    `name`, `name.namespace` and `name.namespace.svc…` are; `name.eu.example.com` is a server.
    """
    name, _, domain = host.partition(".")
    for each in of(objects, "Service"):
        namespace = each["metadata"].get("namespace", "")
        is_here = domain in ("", namespace) or f"{domain}.".startswith(f"{namespace}.svc.")
        is_name_of_another = each["spec"].get("type") == "ExternalName"
        if each["metadata"]["name"] == name and is_here and not is_name_of_another:
            return each
    return None


def is_elsewhere(host: str) -> bool:
    """Return whether a component, or another stage, has a Service of this name."""
    folder = project.working_folder() / overlays.FOLDER
    texts = (path.read_text(encoding="utf-8") for path in folder.rglob("*.yaml"))
    return any(host in _services_in(text) for text in texts)


@lru_cache(maxsize=512)
def _services_in(manifests: str) -> frozenset[str]:
    """Return the names of the Services in a file. Each address of each container is looked for."""
    return frozenset(
        str(each.get("metadata", {}).get("name"))
        for each in safe_yaml.load_all(manifests)
        if isinstance(each, dict) and each.get("kind") == "Service"
    )


def faults(caller: Object, called: Object, port: str, objects: list[Object]) -> Iterator[str]:
    """Yield why a call of the caller's pods at a port of a Service does not arrive.

    Without a port, the Service's only one is meant.
    """
    name, ports = called["metadata"]["name"], called["spec"].get("ports", [])
    meant = [each for each in ports if str(each["port"]) == port or (not port and len(ports) == 1)]
    if port and ports and not meant:
        known = ", ".join(str(each["port"]) for each in ports)
        yield (
            f"the Service {name} has the port {known}: call it there. If a component sets the "
            "address, see that no patch of the overlay undoes it, because patches come after "
            "components"
        )
    for each in meant:
        for other in selected(called, objects):
            number = target(each, other)
            protocol = each.get("protocol", "TCP")
            if number and not is_open(caller, other, (number, protocol), objects):
                yield (
                    f"no network policy lets it through to {title(other)} at {number}: add "
                    f"{_component(other)} to `calls` of {_component(caller)} and "
                    f"{_component(caller)} to what {_component(other)} admits, in {flows.FILE}, "
                    "and run the task cluster.network-policy"
                )


def selected(called: Object, objects: list[Object]) -> list[Object]:
    """Return the workloads whose pods a Service selects."""
    wanted = called["spec"].get("selector")
    return [each for each in workloads(objects) if wanted and has(labels(each), wanted)]


def target(port: Any, workload: Object) -> int:
    """Return the port of the pods that a port of their Service leads to; 0 if they have none."""
    wanted = port.get("targetPort", port["port"])
    if isinstance(wanted, int):
        return wanted
    pod = overlays.pod_template(workload)["spec"]
    named = {
        each.get("name"): int(each["containerPort"])
        for container in containers(pod)
        for each in container.get("ports") or []
    }
    return named.get(wanted, 0)


def calls_somewhere(caller: Object, port: int, objects: list[Object]) -> bool:
    """Return whether the network policies let the caller's pods call this port of anything."""
    rules = [
        rule
        for each in of(objects, "NetworkPolicy")
        if selects(each["spec"].get("podSelector"), labels(caller))
        for rule in each["spec"].get("egress") or []
    ]
    return any(
        not rule.get("ports") or any(_is_port(each, (port, "TCP"), {}) for each in rule["ports"])
        for rule in rules
    )


def is_open(caller: Object, called: Object, port: Port, objects: list[Object]) -> bool:
    """Return whether the network policies let the caller's pods call others at a port."""
    ways = (("Egress", caller, called), ("Ingress", called, caller))
    return all(_passes(way, here, there, port, objects) for way, here, there in ways)


def _passes(way: str, here: Object, there: Object, port: Port, objects: list[Object]) -> bool:
    rules, peers = ("egress", "to") if way == "Egress" else ("ingress", "from")
    called = there if way == "Egress" else here
    named = {
        each.get("name"): each["containerPort"]
        for container in containers(overlays.pod_template(called)["spec"])
        for each in container.get("ports") or []
    }
    mine = [
        each["spec"]
        for each in of(objects, "NetworkPolicy")
        if selects(each["spec"].get("podSelector"), labels(here))
        and way in policy_types(each["spec"])
    ]
    return not mine or any(
        (not rule.get(peers) or any(_is_peer(peer, there) for peer in rule[peers]))
        and (not rule.get("ports") or any(_is_port(each, port, named) for each in rule["ports"]))
        for spec in mine
        for rule in spec.get(rules) or []
    )


def _is_peer(peer: Any, there: Object) -> bool:
    """Return whether a peer means pods of the manifests: a CIDR does not, being for others."""
    namespace = {flows.NAMESPACE: there["metadata"].get("namespace", "")}
    return (
        "ipBlock" not in peer
        and selects(peer.get("namespaceSelector"), namespace)
        and selects(peer.get("podSelector"), labels(there))
    )


def _is_port(given: Any, port: Port, named: Mapping[Any, int]) -> bool:
    """Return whether a policy means a port; `named` has the ports of the called pods by name."""
    number, protocol = port
    if given.get("protocol", "TCP") != protocol:
        return False
    if "port" not in given:
        return True
    first = given["port"]
    first = first if isinstance(first, int) else named.get(first, 0)
    return bool(first <= number <= given.get("endPort", first))


def _component(workload: Object) -> str:
    return labels(workload).get(flows.COMPONENT, str(workload["metadata"]["name"]))
