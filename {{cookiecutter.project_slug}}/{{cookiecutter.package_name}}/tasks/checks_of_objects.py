"""Whether the objects of a stage fit one another, and what uWSGI does."""

from collections.abc import Iterator, Mapping
from typing import Any

from . import flows, overlays, uwsgi_config
from .kubectl import Object

INTERNAL = ("/admin", "/health", "/metrics")
"""What nobody outside the cluster reaches. A test adds every route that is marked so."""


def of(objects: list[Object], *kinds: str) -> list[Object]:
    """Return the objects of some kinds."""
    return [each for each in objects if each["kind"] in kinds]


def workloads(objects: list[Object]) -> list[Object]:
    """Return the objects that make pods."""
    return of(objects, "Deployment", "StatefulSet", "Job")


def title(each: Object) -> str:
    """Return what an object is called in a sentence."""
    return f"{each['kind']} {each['metadata']['name']}"


def labels(workload: Object) -> dict[str, str]:
    """Return the labels of the pods that an object makes."""
    found: dict[str, str] = workload["spec"]["template"]["metadata"]["labels"]
    return found


def has(found: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    """Return whether labels have all that a selector wants."""
    return all(found.get(key) == value for key, value in wanted.items())


def selectors(objects: list[Object], stage: str) -> Iterator[str]:
    """A selector means the pods that it is there for, and no others."""
    for each in of(objects, "Deployment", "StatefulSet"):
        if not has(labels(each), each["spec"]["selector"]["matchLabels"]):
            yield f"{title(each)} does not select its own pods"
    for each in of(objects, "Service", "PodDisruptionBudget"):
        selector = each["spec"]["selector"]
        wanted = selector.get("matchLabels", {}) if each["kind"] != "Service" else selector
        meant = [other for other in workloads(objects) if has(labels(other), wanted)]
        component = each["metadata"]["labels"].get(flows.COMPONENT, flows.SERVICE)
        if not meant:
            yield f"{title(each)} selects no pods"
        for other in meant:
            if labels(other).get(flows.COMPONENT) != component:
                yield f"{title(each)} selects the pods of {title(other)} as well"
    for each in of(objects, "HorizontalPodAutoscaler"):
        target = each["spec"]["scaleTargetRef"]
        names = [other["metadata"]["name"] for other in of(objects, target["kind"])]
        if target["name"] not in names:
            yield f"{title(each)} scales {target['name']}, which is not there"
    for each in of(objects, "ServiceMonitor"):
        wanted = each["spec"]["selector"]["matchLabels"]
        services = [one for one in of(objects, "Service") if has(one["metadata"]["labels"], wanted)]
        named = {port["name"] for one in services for port in one["spec"]["ports"]}
        for endpoint in each["spec"]["endpoints"]:
            if endpoint["port"] not in named:
                yield f"{title(each)} scrapes a port {endpoint['port']}, which no Service has"


def ports(objects: list[Object], stage: str) -> Iterator[str]:
    """The ports are those that uWSGI listens on."""
    listened = uwsgi_config.ports()
    for each in of(objects, "Deployment"):
        if labels(each).get(flows.COMPONENT) == flows.SERVICE:
            container = each["spec"]["template"]["spec"]["containers"][0]
            found = {port["name"]: port["containerPort"] for port in container.get("ports", [])}
            if found != listened:
                yield f"{title(each)} has the ports {found}, and uWSGI listens on {listened}"
    for each in of(objects, "Service"):
        if each["metadata"]["name"] == overlays.name():
            for port in each["spec"]["ports"]:
                if listened.get(port["targetPort"]) != port["port"]:
                    yield f"{title(each)}: {port['name']} is not at the port that uWSGI listens on"
    services = {each["metadata"]["name"]: each["spec"]["ports"] for each in of(objects, "Service")}
    for each in of(objects, "Ingress"):
        for _, backend in routes(each):
            named = [port["name"] for port in services.get(backend["name"], [])]
            if backend["port"].get("name") not in named:
                yield f"{title(each)} leads to a port of {backend['name']} that is not there"


def routes(ingress: Object) -> Iterator[tuple[dict[str, str], dict[str, Any]]]:
    """Yield the paths of an Ingress, each with the Service that it leads to."""
    for rule in ingress["spec"].get("rules", []):
        for path in rule["http"]["paths"]:
            yield path, path["backend"]["service"]
    if default := ingress["spec"].get("defaultBackend"):
        yield {"path": "/", "pathType": "Prefix"}, default["service"]


def leads(path: Mapping[str, str], url: str) -> bool:
    """Return whether a path of an Ingress leads to where an address asks for."""
    if path["pathType"] == "Exact":
        return url == path["path"]
    if path["pathType"] == "Prefix":
        above = path["path"].rstrip("/")
        return url == above or url.startswith(f"{above}/")
    return True  # what `ImplementationSpecific` means, the controller says


def is_reached(ingress: Object, url: str) -> bool:
    """Return whether an Ingress leads to where an address asks for."""
    return any(leads(path, url) for path, _ in routes(ingress))


def ingress(objects: list[Object], stage: str) -> Iterator[str]:
    """Nobody outside the cluster reaches what is internal; outside of development, all is TLS."""
    for each in of(objects, "Ingress"):
        for inside in INTERNAL:
            if any(is_reached(each, url) for url in (inside, f"{inside}/", f"{inside}/x")):
                yield f"{title(each)} leads to {inside}, which is internal"
        hosts = {rule.get("host", "") for rule in each["spec"].get("rules", [])}
        secured = {host for tls in each["spec"].get("tls", []) for host in tls["hosts"]}
        if "" in hosts:
            yield f"{title(each)} takes every host"
        if stage != "development" and hosts - secured:
            yield f"{title(each)} has no TLS for {', '.join(sorted(hosts - secured))}"


def replicas(objects: list[Object], stage: str) -> Iterator[str]:
    """A roll-out keeps all pods that serve, an eviction all but one, and both can end."""
    scaled = {
        each["spec"]["scaleTargetRef"]["name"] for each in of(objects, "HorizontalPodAutoscaler")
    }
    for each in of(objects, "Deployment"):
        update = each["spec"].get("strategy", {}).get("rollingUpdate", {})
        if update.get("maxUnavailable") != 0 or not update.get("maxSurge"):
            yield f"{title(each)} takes pods away before others are ready: maxUnavailable is 0"
        if each["metadata"]["name"] in scaled and "replicas" in each["spec"]:
            yield f"{title(each)} has replicas, which undo what the autoscaler does"
    for each in of(objects, "HorizontalPodAutoscaler"):
        if each["spec"]["minReplicas"] > each["spec"]["maxReplicas"]:
            yield f"{title(each)} has more minReplicas than maxReplicas"
    for each in of(objects, "PodDisruptionBudget"):
        if each["spec"].get("maxUnavailable") != 1:
            yield f"{title(each)} keeps a node from being emptied, or lets all pods go at once"


def policies(objects: list[Object], stage: str) -> Iterator[str]:
    """Every pod is under policies in both directions, so that what is not opened is shut."""
    for each in workloads(objects):
        types = {
            kind
            for policy in of(objects, "NetworkPolicy")
            if has(labels(each), policy["spec"]["podSelector"].get("matchLabels", {}))
            for kind in policy["spec"]["policyTypes"]
        }
        for missing in sorted({"Ingress", "Egress"} - types):
            yield f"{title(each)} has pods that no network policy is for: {missing} is open"
