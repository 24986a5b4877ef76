"""The evaluator of network policies, on cases that are plain."""

from typing import Any

import pytest

from tests.kubernetes.network import Endpoint, Network, Port, selects

HTTP = Port(80)
A = Endpoint("a", "one", {"app": "a"}, "10.1.0.1")
B = Endpoint("b", "one", {"app": "b"}, "10.1.0.2", {"http": 80})
C = Endpoint("c", "two", {"app": "b"}, "10.1.0.3")
OUTSIDE = Endpoint("outside", address="192.0.2.7")


def network(**spec: Any) -> Network:
    policy = {"kind": "NetworkPolicy", "metadata": {"namespace": "one"}, "spec": spec}
    return Network([policy], {"one": {}, "two": {"team": "x"}})


def to(**peer: Any) -> dict[str, Any]:
    """A policy that lets pods a out to a peer at port 80."""
    rule = {"to": [peer], "ports": [{"port": 80}]}
    return {
        "podSelector": {"matchLabels": {"app": "a"}},
        "policyTypes": ["Egress"],
        "egress": [rule],
    }


def test_without_policies_everything_is_open() -> None:
    assert Network([], {}).is_open(A, B, HTTP)


def test_who_is_selected_is_shut_in_the_directions_of_the_policy() -> None:
    shut = network(podSelector={}, policyTypes=["Ingress"])
    assert not shut.is_open(A, B, HTTP)
    assert shut.is_open(A, C, HTTP)
    both = network(podSelector={}, policyTypes=["Ingress", "Egress"])
    assert not both.is_open(A, C, HTTP)


def test_types_that_are_left_out_follow_from_the_rules() -> None:
    assert not network(podSelector={}).is_open(C, A, HTTP)
    assert network(podSelector={}).is_open(A, C, HTTP)
    assert not network(podSelector={}, egress=[]).is_open(A, C, HTTP)


@pytest.mark.parametrize(
    ("peer", "reached"),
    [
        ({"podSelector": {"matchLabels": {"app": "b"}}}, [B]),
        ({"podSelector": {}}, [B]),
        ({"namespaceSelector": {"matchLabels": {"team": "x"}}}, [C]),
        ({"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "b"}}}, [B, C]),
        (
            {
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "two"}},
                "podSelector": {"matchLabels": {"app": "c"}},
            },
            [],
        ),
        ({"ipBlock": {"cidr": "192.0.2.0/24"}}, [OUTSIDE]),
        ({"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}}, [OUTSIDE]),
    ],
)
def test_peers(peer: dict[str, Any], reached: list[Endpoint]) -> None:
    found = [there for there in (B, C, OUTSIDE) if network(**to(**peer)).is_open(A, there, HTTP)]
    assert found == reached


@pytest.mark.parametrize(
    ("port", "is_open"),
    [
        ({"port": 80}, True),
        ({"port": 81}, False),
        ({"port": 80, "protocol": "UDP"}, False),
        ({"port": "http"}, True),
        ({"port": "https"}, False),
        ({"port": 79, "endPort": 81}, True),
        ({"protocol": "TCP"}, True),
    ],
)
def test_ports(port: dict[str, Any], is_open: bool) -> None:
    rule = {"from": [{"podSelector": {}}], "ports": [port]}
    spec = {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [rule]}
    assert network(**spec).is_open(A, B, HTTP) == is_open


def test_a_rule_without_peers_is_for_everybody() -> None:
    assert network(podSelector={}, ingress=[{}]).is_open(OUTSIDE, B, HTTP)


@pytest.mark.parametrize(
    ("operator", "values", "is_meant"),
    [
        ("In", ["a"], True),
        ("NotIn", ["a"], False),
        ("Exists", None, True),
        ("DoesNotExist", None, False),
    ],
)
def test_expressions(operator: str, values: list[str] | None, is_meant: bool) -> None:
    expression = {"key": "app", "operator": operator, "values": values}
    assert selects({"matchExpressions": [expression]}, A.labels) == is_meant
