"""Checks that infra/flows.yaml declares the calls that settings.yaml has addresses for."""

from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from flask_chassis import project, settings
from flask_chassis.tasks import uwsgi_config

from flask_chassis_tools.kubernetes import flows, overlays
from flask_chassis_tools.kubernetes.flows import Peer, Port
from flask_chassis_tools.kubernetes.kubectl import Object

PORTS = {"http": 80, "https": 443}
KEYS_URL = "tokens.keys_url"
LOCAL = ("localhost", "127.0.0.1", "::1")
INSIDE = (".svc", ".cluster.local")
"""How the names of Services end, if they are longer than `name` and `name.namespace`."""

ANY_ADDRESS = (
    "cidrs: [0.0.0.0/0], besides: [10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16]"  # of no cluster
)


def declared(objects: list[Object], stage: str) -> Iterator[str]:
    """Require a flow for each address that the service calls: all others are denied."""
    found = flows.read(project.working_folder() / flows.FILE, overlays.name(), uwsgi_config.ports())
    called = [
        peer
        for folder, workloads in found.folders.items()
        if not folder.startswith("overlays/") or folder == f"overlays/{stage}"
        for workload in workloads
        if workload.component == flows.SERVICE
        for peer in workload.calls
    ]
    for key, name, url in _addresses(objects, stage):
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", Port(parts.port or PORTS[parts.scheme])
        except (ValueError, KeyError):
            continue  # which the start refuses, with a message of its own
        if host in LOCAL or any(_covers(peer, name, host, port) for peer in called):
            continue
        peer, what = _advice(name, host)
        yield (
            f"{key} is {host}:{port.number}, but {flows.FILE} declares no such flow, so that the "
            f"network policies deny the call: add {peer} to base.service.calls, and "
            f"`{peer}: {{{what}, ports: [{port.number}/{port.protocol}]}}` to peers, then run the "
            "task cluster.network-policy"
        )


def _addresses(objects: list[Object], stage: str) -> Iterator[tuple[str, str, str]]:
    """Yield the setting, the name and the URL of what the service calls, as far as it is known."""
    values = settings.declared_in(f"{stage}.kubernetes")
    supplied = {
        name: value
        for each in objects
        if each["kind"] == "ConfigMap"
        for name, value in (each.get("data") or {}).items()
    }
    for key in values:
        section, _, rest = key.partition(".")
        name, _, last = rest.rpartition(".")
        if not (key == KEYS_URL or (section == "upstream" and last == "url")):
            continue
        proxy = f"{section}.{name}.proxy"
        for each in (proxy, key) if name else (key,):
            url = str(supplied.get(settings.variable_for(each), values.get(each, "")))
            if url and url != settings.REQUIRED:
                yield each, name or "issuer", url
                break


def _covers(peer: Peer, name: str, host: str, port: Port) -> bool:
    """Return whether a flow leads to a host.

    The port of a Service may differ from that of its pods, except with services of the template.
    """
    if peer.cidrs:
        if port not in peer.ports:
            return False
        if not _is_address(host):
            return not _is_inside(host) or peer.name == name
        address = ip_address(host)
        return any(address in ip_network(each) for each in peer.cidrs) and not any(
            address in ip_network(each) for each in peer.besides
        )
    first = host.partition(".")[0]
    if peer.service:
        return peer.service == first and port in peer.ports
    return peer.name in (name, first) or first in peer.pods.values()


def _advice(name: str, host: str) -> tuple[str, str]:
    """Return the name of a peer, and what selects it."""
    if _is_inside(host):
        first, *others = host.split(".")
        where = f", namespace: {others[0]}" if others else ""
        return first, f"service: {first}{where}"
    if _is_address(host):
        return name, f"cidrs: [{ip_network(host)}]"
    return name, ANY_ADDRESS


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _is_inside(host: str) -> bool:
    """Return whether a host is a Service of the cluster: `orders`, `orders.billing.svc`."""
    return not _is_address(host) and ("." not in host or host.endswith(INSIDE))
