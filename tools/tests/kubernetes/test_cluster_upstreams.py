"""`cluster.check` requires a flow for each upstream: the network policies deny all other calls."""

import shutil
from pathlib import Path

import pytest
import yaml
from flask_chassis import project
from flask_chassis.project import Project

from flask_chassis_tools.kubernetes import checks, flows, upstream_checks

from ..services import KINDS
from .manifests import STAGE, written

PRIVATE = "besides: [10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16]"


@pytest.fixture
def own(service: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the service, which a test may change."""
    folder = tmp_path / "own"
    shutil.copytree(service.folder.parent, folder)
    made = Project(service.package, folder / service.package)
    monkeypatch.setattr(project, "_current", made)
    return folder


def declare(own: Path, **settings: str) -> None:
    """Declare an upstream `orders` with some settings in the default section."""
    path = own / "settings.yaml"
    lines = "".join(f"      {key}: {value}\n" for key, value in settings.items())
    text = path.read_text("utf-8")
    assert text.count("\ndefault:\n") == 1
    upstream = f"\ndefault:\n  upstream:\n    orders:\n{lines}"
    path.write_text(text.replace("\ndefault:\n", upstream), "utf-8")


def faults() -> list[str]:
    """Return what cluster.check says of the flows."""
    return [each for each in checks.faults_in(written(), STAGE) if flows.FILE.name in each]


def let(own: Path, peer: str, what: str) -> None:
    """Do what the message says: declare a peer, and call it."""
    path = own / flows.FILE
    content = yaml.safe_load(path.read_text("utf-8"))
    content["base"]["service"]["calls"].append(peer)
    content["peers"] |= yaml.safe_load(what)
    path.write_text(yaml.safe_dump(content, sort_keys=False), "utf-8")


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_rendered_has_its_flows(service: Project) -> None:
    assert faults() == []


@pytest.mark.parametrize(
    ("settings", "address", "peer", "what"),
    [
        (
            {"url": "http://orders:8080"},
            "upstream.orders.url is orders:8080",
            "orders",
            "orders: {service: orders, ports: [8080/TCP]}",
        ),
        (
            {"url": "http://orders.billing.svc.cluster.local"},
            "upstream.orders.url is orders.billing.svc.cluster.local:80",
            "orders",
            "orders: {service: orders, namespace: billing, ports: [80/TCP]}",
        ),
        (
            {"url": "https://api.orders.example", "foreign": "true"},
            "upstream.orders.url is api.orders.example:443",
            "orders",
            f"orders: {{cidrs: [0.0.0.0/0], {PRIVATE}, ports: [443/TCP]}}",
        ),
        (
            {"url": "https://203.0.113.7:8443", "foreign": "true"},
            "upstream.orders.url is 203.0.113.7:8443",
            "orders",
            "orders: {cidrs: [203.0.113.7/32], ports: [8443/TCP]}",
        ),
        (
            {"url": "https://api.orders.example", "proxy": "http://proxy:3128"},
            "upstream.orders.proxy is proxy:3128",
            "proxy",
            "proxy: {service: proxy, ports: [3128/TCP]}",
        ),
    ],
)
def test_an_upstream_without_a_flow_is_a_fault_that_says_the_line(
    own: Path, settings: dict[str, str], address: str, peer: str, what: str
) -> None:
    declare(own, **settings)
    [fault] = faults()
    assert address in fault
    assert f"add {peer} to base.service.calls, and `{what}` to peers" in fault
    # What it says to do, works.
    let(own, peer, what)
    assert faults() == []


def test_a_flow_to_another_port_or_address_does_not_do(own: Path) -> None:
    declare(own, url="https://10.1.2.3")
    let(own, "near", f"near: {{cidrs: [0.0.0.0/0], {PRIVATE}, ports: [443/TCP]}}")
    let(own, "far", "far: {cidrs: [10.1.2.3/32], ports: [80/TCP]}")
    assert len(faults()) == 1


def test_the_address_of_an_overlay_counts(own: Path) -> None:
    declare(own, url="__required__")
    objects = written()
    assert list(upstream_checks.declared(objects, STAGE)) == []
    name = f"{project.current().prefix}_UPSTREAM__ORDERS__URL"
    data = {name: "http://orders:8080"}
    objects.append({"kind": "ConfigMap", "metadata": {"name": "own"}, "data": data})
    [fault] = upstream_checks.declared(objects, STAGE)
    assert "upstream.orders.url is orders:8080" in fault


def test_the_keys_of_an_issuer_are_a_call(own: Path) -> None:
    path = own / "settings.yaml"
    text = path.read_text("utf-8")
    assert text.count('keys_url: ""') == 1
    path.write_text(text.replace('keys_url: ""', "keys_url: http://users:8082/jwks"), "utf-8")
    [fault] = faults()
    assert "tokens.keys_url is users:8082" in fault
