"""Checks that the objects of a stage match each other and the uWSGI configuration."""

from collections.abc import Iterator, Mapping
from typing import Any

from flask_chassis.tasks import uwsgi_config

from flask_chassis_tools.kubernetes import flows, overlays
from flask_chassis_tools.kubernetes.kubectl import Object

INTERNAL = ("/admin", "/health", "/metrics")
"""Path prefixes that must not be reachable from outside the cluster."""


def of(objects: list[Object], *kinds: str) -> list[Object]:
    """Return the objects of the given kinds."""
    return [each for each in objects if each["kind"] in kinds]


def workloads(objects: list[Object]) -> list[Object]:
    """Return the objects that create pods."""
    return of(objects, "Deployment", "StatefulSet", "Job", "CronJob")


def title(each: Object) -> str:
    """Return the kind and the name of an object, for messages."""
    return f"{each['kind']} {each['metadata']['name']}"


def labels(workload: Object) -> dict[str, str]:
    """Return the labels of the pods that an object creates."""
    found: dict[str, str] = overlays.pod_template(workload)["metadata"]["labels"]
    return found


def has(found: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    """Return whether labels match a selector."""
    return all(found.get(key) == value for key, value in wanted.items())


def selectors(objects: list[Object], stage: str) -> Iterator[str]:
    """Require that each selector selects the intended pods, and no others."""
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
            yield f"{title(each)} scales {target['name']}, which does not exist"
    for each in of(objects, "ServiceMonitor"):
        wanted = each["spec"]["selector"]["matchLabels"]
        services = [one for one in of(objects, "Service") if has(one["metadata"]["labels"], wanted)]
        named = {port["name"] for one in services for port in one["spec"]["ports"]}
        for endpoint in each["spec"]["endpoints"]:
            if endpoint["port"] not in named:
                yield f"{title(each)} scrapes a port {endpoint['port']}, which no Service has"


def ports(objects: list[Object], stage: str) -> Iterator[str]:
    """Require the ports that uWSGI listens on."""
    listened = uwsgi_config.ports()
    for each in of(objects, "Deployment"):
        if labels(each).get(flows.COMPONENT) == flows.SERVICE:
            container = each["spec"]["template"]["spec"]["containers"][0]
            found = {port["name"]: port["containerPort"] for port in container.get("ports", [])}
            if found != listened:
                yield f"{title(each)} has the ports {found}, but uWSGI listens on {listened}"
    for each in of(objects, "Service"):
        if each["metadata"]["name"] == overlays.name():
            for port in each["spec"]["ports"]:
                if listened.get(port["targetPort"]) != port["port"]:
                    yield f"{title(each)}: {port['name']} is not the port that uWSGI listens on"
    services = {each["metadata"]["name"]: each["spec"]["ports"] for each in of(objects, "Service")}
    for each in of(objects, "Ingress"):
        for _, backend in routes(each):
            named = [port["name"] for port in services.get(backend["name"], [])]
            if backend["port"].get("name") not in named:
                yield f"{title(each)} routes to a port of {backend['name']} that does not exist"


def routes(ingress: Object) -> Iterator[tuple[dict[str, str], dict[str, Any]]]:
    """Yield the paths of an Ingress, each with its backend Service."""
    for rule in ingress["spec"].get("rules", []):
        for path in rule["http"]["paths"]:
            yield path, path["backend"]["service"]
    if default := ingress["spec"].get("defaultBackend"):
        yield {"path": "/", "pathType": "Prefix"}, default["service"]


def leads(path: Mapping[str, str], url: str) -> bool:
    """Return whether a path of an Ingress matches a URL path."""
    if path["pathType"] == "Exact":
        return url == path["path"]
    if path["pathType"] == "Prefix":
        above = path["path"].rstrip("/")
        return url == above or url.startswith(f"{above}/")
    return True  # `ImplementationSpecific` depends on the controller


def is_reached(ingress: Object, url: str) -> bool:
    """Return whether an Ingress routes a URL path."""
    return any(leads(path, url) for path, _ in routes(ingress))


def ingress(objects: list[Object], stage: str) -> Iterator[str]:
    """Require that internal paths are not routed, and TLS outside of development."""
    for each in of(objects, "Ingress"):
        for inside in INTERNAL:
            if any(is_reached(each, url) for url in (inside, f"{inside}/", f"{inside}/x")):
                yield f"{title(each)} routes {inside}, which is internal"
        hosts = {rule.get("host", "") for rule in each["spec"].get("rules", [])}
        secured = {host for tls in each["spec"].get("tls", []) for host in tls["hosts"]}
        if "" in hosts:
            yield f"{title(each)} accepts every host"
        if stage != "development" and hosts - secured:
            yield f"{title(each)} has no TLS for {', '.join(sorted(hosts - secured))}"


def replicas(objects: list[Object], stage: str) -> Iterator[str]:
    """Require that rollouts keep all pods, evictions all but one, and that both can finish."""
    scaled = {
        each["spec"]["scaleTargetRef"]["name"] for each in of(objects, "HorizontalPodAutoscaler")
    }
    for each in of(objects, "Deployment"):
        update = each["spec"].get("strategy", {}).get("rollingUpdate", {})
        if update.get("maxUnavailable") != 0 or not update.get("maxSurge"):
            yield f"{title(each)} stops pods before others are ready: set maxUnavailable to 0"
        if each["metadata"]["name"] in scaled and "replicas" in each["spec"]:
            yield f"{title(each)} has replicas, which override the autoscaler"
    for each in of(objects, "HorizontalPodAutoscaler"):
        if each["spec"]["minReplicas"] > each["spec"]["maxReplicas"]:
            yield f"{title(each)} has more minReplicas than maxReplicas"
    for each in of(objects, "PodDisruptionBudget"):
        if each["spec"].get("maxUnavailable") != 1:
            yield f"{title(each)} must have maxUnavailable 1, to allow draining a node pod by pod"


def policies(objects: list[Object], stage: str) -> Iterator[str]:
    """Require network policies for ingress and egress of every pod."""
    for each in workloads(objects):
        types = {
            kind
            for policy in of(objects, "NetworkPolicy")
            if has(labels(each), policy["spec"]["podSelector"].get("matchLabels", {}))
            for kind in policy["spec"]["policyTypes"]
        }
        for missing in sorted({"Ingress", "Egress"} - types):
            yield f"{title(each)} has pods without a network policy: {missing} is open"
