"""The example services in one namespace, with all that they call and are called by."""

from collections.abc import Iterable, Mapping
from itertools import product

from tests.kubernetes.network import Endpoint, Network, Port
from tests.kubernetes.tools import Object

NAME, COMPONENT = "app.kubernetes.io/name", "app.kubernetes.io/component"

Flow = tuple[str, str, int, str]
"""Who calls whom, at which port and protocol."""

NGINX = {NAME: "ingress-nginx", COMPONENT: "controller"}
FRONTEND = {NAME: "frontend", COMPONENT: "service", "track": "stable"}

OTHERS = (
    Endpoint("ingress", "ingress-nginx", NGINX),
    Endpoint("prometheus", "monitoring", {NAME: "prometheus"}),
    Endpoint("dns", "kube-system", {"k8s-app": "kube-dns"}),
    Endpoint("database", "acme-data", {NAME: "postgresql"}),
    Endpoint("vault", "vault", {NAME: "vault"}),
    Endpoint("syslog", "logging", {NAME: "syslog"}),
    # Who has nothing to look for here.
    Endpoint("stranger", "strangers", {"app": "x"}),
    Endpoint("false ingress", "strangers", NGINX),
    Endpoint("false frontend", "strangers", FRONTEND),
    Endpoint("false dns", "strangers", {"k8s-app": "kube-dns"}),
    Endpoint("false database", "strangers", {NAME: "postgresql"}),
    Endpoint("other pod of kube-system", "kube-system", {"k8s-app": "metrics"}),
    Endpoint("outside", address="192.0.2.7"),
)

PORTS = (
    *(Port(number) for number in (22, 53, 80, 443, 5432, 6432, 8200, *range(8080, 8086))),
    *(Port(number, "UDP") for number in (53, 514, 8080)),
)


def pods(objects: Iterable[Object]) -> list[Endpoint]:
    """Return a pod of everything that makes pods, called after what makes it."""
    found = []
    for each in objects:
        if "template" in each.get("spec", {}) and "metadata" in each["spec"]["template"]:
            name = each["metadata"]["name"].partition("-migrate-")
            title = f"{name[0]} migration" if name[1] else name[0]
            labels = each["spec"]["template"]["metadata"]["labels"]
            found.append(Endpoint(title, each["metadata"]["namespace"], labels))
    return found


def open_flows(services: Mapping[str, list[Object]]) -> set[Flow]:
    """Return all that is let through from or to the services."""
    objects = [each for found in services.values() for each in found]
    own = pods(objects)
    names = {each.namespace for each in (*own, *OTHERS)} - {""}
    network = Network(objects, {name: {} for name in names})
    neighbour = Endpoint("neighbour", own[0].namespace, {"app": "x"})
    everybody = (*own, *OTHERS, neighbour)
    return {
        (caller.name, called.name, port.number, port.protocol)
        for caller, called in product(everybody, repeat=2)
        if caller != called and (caller in own or called in own)
        for port in PORTS
        if network.is_open(caller, called, port)
    }
