"""Checks that the objects of a stage match each other and the uWSGI configuration."""

from collections.abc import Iterator, Mapping
from typing import Any

from flask_chassis import ingress_paths
from flask_chassis.tasks import uwsgi_config

from flask_chassis_tools.kubernetes import flows, overlays
from flask_chassis_tools.kubernetes.kubectl import Object


def of(objects: list[Object], *kinds: str) -> list[Object]:
    """Return the objects of the given kinds."""
    return [each for each in objects if each["kind"] in kinds]


def workloads(objects: list[Object]) -> list[Object]:
    """Return the objects that create pods."""
    return of(objects, "Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob")


def is_own(container: Any) -> bool:
    """Return whether a container runs the service's image."""
    path = str(container["image"]).partition("@")[0].rpartition("/")[2]
    return path.partition(":")[0] == overlays.name()


def runs_image(workload: Object) -> bool:
    """Return whether the pods of an object run the service's image."""
    return any(map(is_own, overlays.pod_template(workload).get("spec", {}).get("containers", [])))


def title(each: Object) -> str:
    """Return the kind and the name of an object, for messages."""
    return f"{each['kind']} {each['metadata']['name']}"


def labels(workload: Object) -> dict[str, str]:
    """Return the labels of the pods that an object creates."""
    found: dict[str, str] = labels_of(overlays.pod_template(workload))
    return found


def labels_of(each: Object) -> dict[str, str]:
    """Return the labels of an object, which may have none."""
    return each.get("metadata", {}).get("labels") or {}


def has(found: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    """Return whether labels match a selector."""
    return all(found.get(key) == value for key, value in wanted.items())


def selects(selector: Mapping[str, Any] | None, found: Mapping[str, str]) -> bool:
    """Return whether a selector with matchLabels and matchExpressions means these labels."""
    selector = selector or {}
    return has(found, selector.get("matchLabels") or {}) and all(
        _holds(each, found) for each in selector.get("matchExpressions") or []
    )


def _holds(expression: Mapping[str, Any], found: Mapping[str, str]) -> bool:
    key, values = expression["key"], expression.get("values") or []
    return {
        "In": key in found and found[key] in values,
        "NotIn": found.get(key) not in values,
        "Exists": key in found,
        "DoesNotExist": key not in found,
    }[str(expression["operator"])]


def selectors(objects: list[Object], stage: str) -> Iterator[str]:
    """Require that each selector selects the intended pods, and no others."""
    for each in of(objects, "Deployment", "StatefulSet", "DaemonSet"):
        if not selects(each["spec"].get("selector"), labels(each)):
            yield f"{title(each)} does not select its own pods"
    for each in of(objects, "Service", "PodDisruptionBudget"):
        selector = each["spec"].get("selector")
        if each["kind"] == "Service":
            if not selector:
                continue  # a name for something elsewhere
            selector = {"matchLabels": selector}
        meant = [other for other in workloads(objects) if selects(selector, labels(other))]
        component = labels_of(each).get(flows.COMPONENT, flows.SERVICE)
        if not meant:
            yield f"{title(each)} selects no pods: {_wanted(selector)} are labels of none"
        for other in meant:
            if labels(other).get(flows.COMPONENT) != component:
                yield (
                    f"{title(each)} selects the pods of {title(other)} as well. It is for those of "
                    f"{component}, by its own label {flows.COMPONENT}"
                )
    for each in of(objects, "HorizontalPodAutoscaler"):
        target = each["spec"]["scaleTargetRef"]
        names = [other["metadata"]["name"] for other in of(objects, target["kind"])]
        if target["name"] not in names:
            yield f"{title(each)} scales {target['name']}, which does not exist"
    for each in of(objects, "ServiceMonitor"):
        wanted = each["spec"]["selector"]
        services = [one for one in of(objects, "Service") if selects(wanted, labels_of(one))]
        named = {port.get("name") for one in services for port in one["spec"].get("ports", [])}
        for endpoint in each["spec"]["endpoints"]:
            if "port" in endpoint and endpoint["port"] not in named:
                yield f"{title(each)} scrapes a port {endpoint.get('port')}, which no Service has"


def _wanted(selector: Mapping[str, Any] | None) -> str:
    labels = (selector or {}).get("matchLabels") or {}
    return ", ".join(f"{key}: {value}" for key, value in labels.items()) or "its expressions"


def ports(objects: list[Object], stage: str) -> Iterator[str]:
    """Require the ports that uWSGI listens on."""
    listened = uwsgi_config.ports()
    for each in of(objects, "Deployment"):
        if labels(each).get(flows.COMPONENT) == flows.SERVICE:
            container = each["spec"]["template"]["spec"]["containers"][0]
            found = {port.get("name"): port["containerPort"] for port in container.get("ports", [])}
            if found != listened:
                yield f"{title(each)} has the ports {found}, but uWSGI listens on {listened}"
    for each in of(objects, "Service"):
        if each["metadata"]["name"] == overlays.name():
            for port in each["spec"]["ports"]:
                if listened.get(port.get("targetPort", "")) != port["port"]:
                    yield f"{title(each)}: {port.get('name')} is not the port that uWSGI listens on"
    services = {
        each["metadata"]["name"]: each["spec"].get("ports", []) for each in of(objects, "Service")
    }
    for each in of(objects, "Ingress"):
        for _, backend in ingress_paths.routes(each):
            there = services.get(backend["name"], [])
            wanted = backend.get("port", {})
            if not any(
                wanted.get("name", port.get("name")) == port.get("name")
                and wanted.get("number", port["port"]) == port["port"]
                for port in there
                if wanted
            ):
                yield f"{title(each)} routes to a port of {backend['name']} that does not exist"


def ingress(objects: list[Object], stage: str) -> Iterator[str]:
    """Require that internal paths are not routed, and TLS outside of development."""
    for each in of(objects, "Ingress"):
        for inside in ingress_paths.exposed(each):
            yield f"{title(each)} routes {inside}, which is internal"
        hosts = {rule.get("host", "") for rule in each["spec"].get("rules", [])}
        secured = {host for tls in each["spec"].get("tls", []) for host in tls.get("hosts", [])}
        if "" in hosts:
            yield f"{title(each)} accepts every host"
        if stage != "development" and hosts - secured:
            yield f"{title(each)} has no TLS for {', '.join(sorted(hosts - secured))}"


def replicas(objects: list[Object], stage: str) -> Iterator[str]:
    """Require that rollouts keep all pods, evictions all but one, and that both can finish."""
    scaled = {
        each["spec"]["scaleTargetRef"]["name"] for each in of(objects, "HorizontalPodAutoscaler")
    }
    own = [each for each in workloads(objects) if runs_image(each)]
    for each in of(own, "Deployment"):
        update = each["spec"].get("strategy", {}).get("rollingUpdate", {})
        if update.get("maxUnavailable") != 0 or not update.get("maxSurge"):
            yield f"{title(each)} stops pods before others are ready: set maxUnavailable to 0"
    for each in of(objects, "Deployment"):
        if each["metadata"]["name"] in scaled and "replicas" in each["spec"]:
            yield f"{title(each)} has replicas, which override the autoscaler"
    for each in of(objects, "HorizontalPodAutoscaler"):
        if each["spec"].get("minReplicas", 1) > each["spec"]["maxReplicas"]:
            yield f"{title(each)} has more minReplicas than maxReplicas"
    for each in of(objects, "PodDisruptionBudget"):
        is_own_budget = any(selects(each["spec"].get("selector"), labels(one)) for one in own)
        if is_own_budget and each["spec"].get("maxUnavailable") != 1:
            yield f"{title(each)} must have maxUnavailable 1, to allow draining a node pod by pod"


def policies(objects: list[Object], stage: str) -> Iterator[str]:
    """Require network policies for ingress and egress of every pod, and one of its component."""
    for each in workloads(objects):
        found = [
            policy["spec"]
            for policy in of(objects, "NetworkPolicy")
            if selects(policy["spec"].get("podSelector"), labels(each))
        ]
        types = {kind for spec in found for kind in policy_types(spec)}
        for missing in sorted({"Ingress", "Egress"} - types):
            yield (
                f"{title(each)} has pods without a network policy: {missing} is open. Give them "
                f"the label {flows.NAME}: {overlays.name()}"
            )
        component = labels(each).get(flows.COMPONENT, "")
        if not component:
            yield (
                f"{title(each)}: its pods lack the label {flows.COMPONENT}, by which {flows.FILE} "
                "says what they may call"
            )
        elif not any(_is_for_component(spec, labels(each)) for spec in found):
            yield (
                f"{title(each)}: {flows.FILE} says neither what its pods may call nor who may "
                f"call them, so that all is shut: declare {component}, for example "
                f"`{component}: {{calls: [dns, database]}}`, and run the task "
                "cluster.network-policy"
            )


def policy_types(policy: Mapping[str, Any]) -> list[str]:
    """Return the directions that a NetworkPolicy shuts, as the API fills them in."""
    given: list[str] | None = policy.get("policyTypes")
    return given or ["Ingress", *(["Egress"] if policy.get("egress") else [])]


def _is_for_component(policy: Mapping[str, Any], found: Mapping[str, str]) -> bool:
    """Return whether a policy is for some pods of the service: the base has one for all of them."""
    of_all = {key: value for key, value in found.items() if key == flows.NAME}
    return not selects(policy.get("podSelector"), of_all)


def unmanaged(objects: list[Object], stage: str) -> Iterator[str]:
    """Refuse pods that nothing replaces, and that the other checks do not look at."""
    for each in of(objects, "Pod", "ReplicaSet", "ReplicationController"):
        yield f"{title(each)} does not survive its node: make it a Deployment, a Job or a CronJob"
