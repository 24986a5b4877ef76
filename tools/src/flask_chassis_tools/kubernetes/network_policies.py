"""Generates network policies that allow the flows in infra/flows.yaml and deny all others.

Network policies are additive: the base denies all traffic of the service's pods, and the policies
of each folder allow what its workloads need.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from flask_chassis_tools.kubernetes.flows import (
    COMPONENT,
    NAME,
    NAMESPACE,
    Flows,
    Peer,
    Port,
    Workload,
)

FOLDER = Path("infra/kubernetes")
FILE = "network-policies.yaml"
BASE = "base"

HEAD = """\
# Written by the task cluster.network-policy from infra/flows.yaml: change that, and run it.
"""

Policy = dict[str, Any]


def files(flows: Flows) -> dict[Path, str]:
    """Return the text of each file with policies, by its path in the service's folder."""
    return {
        FOLDER / folder / FILE: HEAD + "".join(map(_text, policies(flows, folder)))
        for folder in flows.folders
    }


def different(folder: Path, flows: Flows) -> list[Path]:
    """Return the files in a service's folder that do not match its flows."""
    return [path for path, text in files(flows).items() if _read(folder / path) != text]


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def policies(flows: Flows, folder: str) -> Iterator[Policy]:
    """Yield the policies of a folder."""
    if folder == BASE:
        yield _policy(flows, "deny", {NAME: flows.service}, ["Ingress", "Egress"])
    for workload in flows.folders[folder]:
        name = workload.component
        if folder != BASE:
            name = f"{name}-{folder.partition('/')[2]}"
        pods = {NAME: flows.service, COMPONENT: workload.component}
        yield _policy(flows, name, pods, **_rules(workload))


def _rules(workload: Workload) -> dict[str, Any]:
    rules: dict[str, Any] = {"types": []}
    if workload.admits:
        rules["types"].append("Ingress")
        rules["ingress"] = [
            {"from": _selectors(peers), "ports": [_port(port)]}
            for port, peers in workload.admits
            if peers
        ]
    if workload.calls:
        rules["types"].append("Egress")
        rules["egress"] = [
            {"to": _selectors((peer,)), "ports": [_port(port) for port in peer.ports]}
            for peer in workload.calls
        ]
    return rules


def _policy(
    flows: Flows, name: str, pods: dict[str, str], types: list[str], **rules: Any
) -> Policy:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": f"{flows.service}-{name}", "labels": {NAME: flows.service}},
        "spec": {"podSelector": {"matchLabels": pods}, "policyTypes": types, **rules},
    }


def _selectors(peers: tuple[Peer, ...]) -> list[dict[str, Any]]:
    return [selector for peer in peers for selector in _selector(peer)]


def _selector(peer: Peer) -> Iterator[dict[str, Any]]:
    for cidr in peer.cidrs:
        block: dict[str, Any] = {"cidr": cidr}
        if peer.besides:
            block["except"] = list(peer.besides)
        yield {"ipBlock": block}
    if peer.pods:
        # One entry with both selectors means both; two entries would mean either.
        selector: dict[str, Any] = {}
        if peer.namespace:
            selector["namespaceSelector"] = {"matchLabels": {NAMESPACE: peer.namespace}}
        selector["podSelector"] = {"matchLabels": dict(peer.pods)}
        yield selector


def _port(port: Port) -> dict[str, Any]:
    return {"port": port.number, "protocol": port.protocol}


class _Indented(yaml.SafeDumper):
    """Indents lists below their key, like the other manifests."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: object) -> bool:
        return True


def _text(policy: Policy) -> str:
    return "---\n" + yaml.dump(policy, Dumper=_Indented, sort_keys=False, width=1000)
