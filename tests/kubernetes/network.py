"""What network policies let through, as the API of Kubernetes defines it.

Written from the definition of `NetworkPolicySpec`, and from nothing that the services have: it
knows no flows, only pods, namespaces and policies. A packet passes where the sender's policies let
it out and the receiver's let it in; who no policy of a direction selects is open in that direction.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any

from tests.kubernetes.tools import Object

Labels = Mapping[str, str]
NAME_OF_NAMESPACE = "kubernetes.io/metadata.name"


@dataclass(frozen=True)
class Endpoint:
    """A pod of a namespace, or an address outside the cluster, which has neither."""

    name: str
    namespace: str = ""
    labels: Labels = field(default_factory=dict, hash=False)
    address: str = "10.0.0.1"
    named_ports: Mapping[str, int] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, order=True)
class Port:
    """Where something is called."""

    number: int
    protocol: str = "TCP"


class Network:
    """Namespaces and the policies in them."""

    def __init__(self, policies: Iterable[Object], namespaces: Mapping[str, Labels]) -> None:
        """`namespaces` have their labels; that with the name is added."""
        self.policies = [each for each in policies if each["kind"] == "NetworkPolicy"]
        self.namespaces = {
            name: {**labels, NAME_OF_NAMESPACE: name} for name, labels in namespaces.items()
        }

    def is_open(self, caller: Endpoint, called: Endpoint, port: Port) -> bool:
        """Return whether a connection from the one to the other is let through."""
        return self._passes("Egress", caller, called, called, port) and self._passes(
            "Ingress", called, caller, called, port
        )

    def _passes(
        self, direction: str, here: Endpoint, there: Endpoint, called: Endpoint, port: Port
    ) -> bool:
        mine = [
            policy["spec"]
            for policy in self.policies
            if here.namespace
            and policy["metadata"]["namespace"] == here.namespace
            and selects(policy["spec"].get("podSelector", {}), here.labels)
            and direction in _types(policy["spec"])
        ]
        if not mine:
            return True
        rules, peers = ("egress", "to") if direction == "Egress" else ("ingress", "from")
        return any(
            self._is_peer(rule.get(peers), here.namespace, there)
            and _is_port(rule.get("ports"), called, port)
            for spec in mine
            for rule in spec.get(rules) or []
        )

    def _is_peer(self, peers: list[Any] | None, namespace: str, there: Endpoint) -> bool:
        return not peers or any(self._meets(peer, namespace, there) for peer in peers)

    def _meets(self, peer: Any, namespace: str, there: Endpoint) -> bool:
        if block := peer.get("ipBlock"):
            address = ip_address(there.address)
            return address in ip_network(block["cidr"]) and not any(
                address in ip_network(besides) for besides in block.get("except", [])
            )
        if not there.namespace:
            return False
        if "namespaceSelector" in peer:
            labels = self.namespaces.get(there.namespace, {})
            is_namespace = selects(peer["namespaceSelector"], labels)
        else:
            is_namespace = there.namespace == namespace
        return is_namespace and selects(peer.get("podSelector") or {}, there.labels)


def _types(spec: Any) -> list[str]:
    found: list[str] | None = spec.get("policyTypes")
    return found or ["Ingress", *(["Egress"] if "egress" in spec else [])]


def _is_port(ports: list[Any] | None, called: Endpoint, port: Port) -> bool:
    return not ports or any(_meets_port(each, called, port) for each in ports)


def _meets_port(given: Any, called: Endpoint, port: Port) -> bool:
    if given.get("protocol", "TCP") != port.protocol:
        return False
    if "port" not in given:
        return True
    if isinstance(given["port"], str):
        return called.named_ports.get(given["port"]) == port.number
    return bool(given["port"] <= port.number <= given.get("endPort", given["port"]))


def selects(selector: Any, labels: Labels) -> bool:
    """Return whether a selector means something with these labels; an empty one means all."""
    exact: Labels = selector.get("matchLabels") or {}
    return all(labels.get(key) == value for key, value in exact.items()) and all(
        _holds(each, labels) for each in selector.get("matchExpressions") or []
    )


def _holds(expression: Any, labels: Labels) -> bool:
    key, values = expression["key"], expression.get("values") or []
    return {
        "In": key in labels and labels[key] in values,
        "NotIn": labels.get(key) not in values,
        "Exists": key in labels,
        "DoesNotExist": key not in labels,
    }[str(expression["operator"])]
