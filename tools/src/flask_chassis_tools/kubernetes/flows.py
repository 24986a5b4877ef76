"""Reads infra/flows.yaml: the callers of this service, and the services that it calls.

    base:
      service:
        admits:
          http: [ingress-controller, billing]
        calls: [dns, database]
    peers:
      database:
        namespace: data
        pods: {app.kubernetes.io/name: postgresql}
        ports: [5432/TCP]

Each folder in infra/kubernetes has workloads, named by their label `app.kubernetes.io/component`. A
workload admits peers at its named ports, and calls peers at their ports.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import yaml

FILE = Path("infra/flows.yaml")
PEERS = "peers"
SERVICE = "service"

NAME = "app.kubernetes.io/name"
COMPONENT = "app.kubernetes.io/component"
NAMESPACE = "kubernetes.io/metadata.name"
"""The label that Kubernetes sets on every namespace to its name."""

PROTOCOLS = ("TCP", "UDP", "SCTP")
LARGEST_PORT = 65535


class FlowsError(Exception):
    """An error in the flows, with a message for the user."""


@dataclass(frozen=True, order=True)
class Port:
    """A port of a pod."""

    number: int
    protocol: str = "TCP"


@dataclass(frozen=True)
class Peer:
    """The other side of a flow: pods with labels, in this or another namespace, or CIDRs."""

    name: str
    pods: Mapping[str, str] = field(default_factory=dict)
    namespace: str = ""
    cidrs: tuple[str, ...] = ()
    besides: tuple[str, ...] = ()
    ports: tuple[Port, ...] = ()
    service: str = ""


@dataclass(frozen=True)
class Workload:
    """The pods of this service that share their flows."""

    component: str
    admits: tuple[tuple[Port, tuple[Peer, ...]], ...]
    calls: tuple[Peer, ...]


@dataclass(frozen=True)
class Flows:
    """The whole file: the workloads of each folder in infra/kubernetes."""

    service: str
    folders: Mapping[str, tuple[Workload, ...]]
    peers: Mapping[str, Peer]


def read(file: Path, service: str, ports: Mapping[str, int]) -> Flows:
    """Read a file, or raise FlowsError. `ports` are the service's named ports."""
    try:
        return parse(file.read_text(encoding="utf-8"), service, ports)
    except FlowsError as error:
        raise FlowsError(f"{file}: {error}") from error
    except OSError as error:
        raise FlowsError(f"{file} cannot be read: {error.strerror}.") from error


def parse(text: str, service: str, ports: Mapping[str, int]) -> Flows:
    """Parse the text of a file."""
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise FlowsError(f"invalid YAML: {error}") from error
    tree = _mapping(content, "the file")
    listed = _mapping(tree.pop(PEERS, {}), PEERS)
    peers = {name: _peer(name, _mapping(what, name), service) for name, what in listed.items()}
    folders = {}
    for folder, workloads in tree.items():
        if not re.fullmatch(r"base|(?:components|overlays)/[a-z0-9-]+", folder):
            raise FlowsError(f"{folder} must be base, components/… or overlays/….")
        found = _mapping(workloads, folder)
        folders[folder] = tuple(
            _workload(f"{folder}.{name}", name, _mapping(flows, f"{folder}.{name}"), peers, ports)
            for name, flows in found.items()
        )
    return Flows(service, folders, peers)


def _workload(
    where: str,
    name: str,
    flows: dict[str, Any],
    peers: Mapping[str, Peer],
    ports: Mapping[str, int],
) -> Workload:
    _only(flows, {"admits", "calls", "ports"}, where)
    named = {key: Port(number) for key, number in ports.items()} if name == SERVICE else {}
    for key, text in _mapping(flows.get("ports", {}), f"{where}.ports").items():
        named[key] = _port(str(text), f"{where}.ports.{key}")
    admits = []
    for key, names in _mapping(flows.get("admits", {}), f"{where}.admits").items():
        if key not in named:
            known = ", ".join(named) or "none; declare them under `ports`"
            raise FlowsError(f"{where}.admits: unknown port {key}; known: {known}.")
        admits.append((named[key], tuple(_peers(names, peers, f"{where}.admits.{key}"))))
    calls = tuple(_peers(flows.get("calls", []), peers, f"{where}.calls"))
    for peer in calls:
        if not peer.ports:
            raise FlowsError(f"{where}.calls: {PEERS}.{peer.name} needs `ports`.")
    return Workload(name, tuple(admits), calls)


def _peers(names: object, peers: Mapping[str, Peer], where: str) -> Iterator[Peer]:
    if not isinstance(names, list):
        raise FlowsError(f"{where} must be a list of peers.")
    for name in names:
        if name not in peers:
            raise FlowsError(f"{where}: unknown peer {name}; declare it under {PEERS}.")
        yield peers[name]


def _peer(name: str, what: dict[str, Any], service: str) -> Peer:
    where = f"{PEERS}.{name}"
    _only(what, {"service", "own", "namespace", "pods", "cidrs", "besides", "ports"}, where)
    kinds = [key for key in ("service", "own", "pods", "cidrs") if key in what]
    if len(kinds) != 1:
        raise FlowsError(f"{where} must have exactly one of service, own, pods and cidrs.")
    called = str(what.get("service", ""))
    pods = {
        "service": {NAME: called, COMPONENT: SERVICE},
        "own": {NAME: service, COMPONENT: str(what.get("own"))},
        "pods": {str(key): str(value) for key, value in _labels(what, where).items()},
        "cidrs": {},
    }[kinds[0]]
    if "besides" in what and "cidrs" not in what:
        raise FlowsError(f"{where}: `besides` requires `cidrs`.")
    return Peer(
        name,
        pods,
        str(what.get("namespace", "")),
        tuple(_network(text, where) for text in what.get("cidrs", [])),
        tuple(_network(text, where) for text in what.get("besides", [])),
        tuple(_port(str(text), f"{where}.ports") for text in what.get("ports", [])),
        called,
    )


def _labels(what: dict[str, Any], where: str) -> dict[str, Any]:
    labels = _mapping(what.get("pods", {}), f"{where}.pods")
    if "pods" in what and not labels:
        raise FlowsError(f"{where}.pods must not be empty: it would select every pod.")
    return labels


def _port(text: str, where: str) -> Port:
    number, _, protocol = text.partition("/")
    protocol = protocol or "TCP"
    is_right = number.isdecimal() and 0 < int(number) <= LARGEST_PORT and protocol in PROTOCOLS
    if not is_right:
        raise FlowsError(f"{where}: {text!r} is not a port such as 5432/TCP or 53/UDP.")
    return Port(int(number), protocol)


def _network(text: object, where: str) -> str:
    try:
        return str(ip_network(str(text)))
    except ValueError as error:
        raise FlowsError(f"{where}: {error}.") from error


def _mapping(value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise FlowsError(f"{where} must be a mapping.")
    return {str(key): content for key, content in value.items()}


def _only(what: Mapping[str, Any], known: set[str], where: str) -> None:
    if strange := sorted(set(what) - known):
        raise FlowsError(
            f"{where} has unknown keys {', '.join(strange)}; known: {', '.join(sorted(known))}."
        )
