"""What the containers of a stage are given, and where it leads.

Reads what kustomize makes of the overlays, settings.yaml, and nothing of the tools: every host and
port is followed through Services, selectors, ports of containers and network policies.
"""

import base64
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tests.kubernetes.cluster import COMPONENT, NAME, OTHERS
from tests.kubernetes.network import Endpoint, Network, Port, selects
from tests.kubernetes.tools import Object

DNS = Port(53, "UDP")
VAULT = "vault.hashicorp.com/agent-inject"
ELSEWHERE = {
    "postgresql.acme-data": "database",
    "syslog.logging": "syslog",
    "vault.vault": "vault",
}
"""Hosts of other namespaces, by the name of their pod in OTHERS."""

SHARED = {"database-host": "postgresql.acme-data", "syslog-address": "syslog.logging:514"}
"""What somebody has put into the ConfigMap that all services share."""

KEYS = ("token-keys", "token-signing-keys")


@dataclass(frozen=True)
class Service:
    """A rendered service: what settings.yaml has for the stage, and the objects of the stage."""

    name: str
    settings: Mapping[str, Any]
    objects: list[Object]


@dataclass(frozen=True)
class Pod:
    """A pod of a service."""

    title: str
    service: Service = field(hash=False)
    endpoint: Endpoint
    template: Object = field(hash=False)

    @property
    def containers(self) -> list[Any]:
        """All of its containers."""
        spec = self.template["spec"]
        return [*spec.get("initContainers", []), *spec["containers"]]

    def ports(self) -> dict[str, int]:
        """Return the named ports of its containers."""
        return {
            port["name"]: port["containerPort"]
            for container in self.template["spec"]["containers"]
            for port in container.get("ports", [])
        }


def of(objects: Iterable[Object], *kinds: str) -> list[Object]:
    """Return the objects of some kinds."""
    return [each for each in objects if each["kind"] in kinds]


def pods_of(service: Service) -> Iterator[Pod]:
    """Yield a pod of everything that makes pods."""
    for each in of(service.objects, "Deployment", "StatefulSet", "Job", "CronJob"):
        spec = each["spec"]
        if each["kind"] == "CronJob":
            spec = spec["jobTemplate"]["spec"]
        title = f"{each['kind']} {each['metadata']['name']}"
        labels = spec["template"]["metadata"]["labels"]
        endpoint = Endpoint(title, each["metadata"]["namespace"], labels)
        yield Pod(title, service, endpoint, spec["template"])


class Stage:
    """All services of a stage, in one namespace."""

    def __init__(self, name: str, services: Iterable[Service], registry: str) -> None:
        """`registry` is where images of versions are."""
        self.name, self.services, self.registry = name, list(services), registry
        self.objects = [each for service in self.services for each in service.objects]
        self.pods = [pod for service in self.services for pod in pods_of(service)]
        self.namespace = self.pods[0].endpoint.namespace
        self.others = {each.name: each for each in OTHERS}
        names = {self.namespace} | {each.namespace for each in OTHERS} - {""}
        self.network = Network(self.objects, {name: {} for name in names})

    def faults(self) -> list[str]:
        """Return all that leads nowhere."""
        found = [f"{pod.title}: {fault}" for pod in self.pods for fault in self._of_pod(pod)]
        return found + list(self._of_objects())

    def _of_pod(self, pod: Pod) -> Iterator[str]:
        for direction in ("Ingress", "Egress"):
            if not self._is_shut(pod, direction):
                yield f"no policy is for its {direction}"
        for container in pod.containers:
            name = container["name"]
            yield from (f"{name}: {fault}" for fault in self._of_container(pod, container))
        if VAULT in pod.template["metadata"].get("annotations", {}):
            yield from self._reaches(pod.endpoint, "vault.vault", Port(8200))

    def _is_shut(self, pod: Pod, direction: str) -> bool:
        return any(
            direction in each["spec"]["policyTypes"]
            and selects(each["spec"]["podSelector"], pod.endpoint.labels)
            for each in of(pod.service.objects, "NetworkPolicy")
        )

    def _of_container(self, pod: Pod, container: Any) -> Iterator[str]:
        own = {port["name"]: port["containerPort"] for port in container.get("ports", [])}
        for kind in ("startupProbe", "livenessProbe", "readinessProbe"):
            probe = container.get(kind, {})
            for way in ("httpGet", "tcpSocket"):
                if way in probe and probe[way]["port"] not in own:
                    yield f"{kind} asks at the port {probe[way]['port']}, which it does not have"
        if fault := self._image(pod.service, container["image"]):
            yield fault
        variables, faults = self.variables(pod.service, container)
        yield from faults
        calls = list(self._calls(pod, container, variables))
        for what, host, port in calls:
            for fault in self._reaches(pod.endpoint, host, port):
                yield f"{what}: {fault}"
        if calls and not self.network.is_open(pod.endpoint, self.others["dns"], DNS):
            yield "it may not ask for names"

    def _image(self, service: Service, image: str) -> str:
        path, _, tag = image.rpartition(":")
        if path.rpartition("/")[2] == f"{service.name}-canary":
            return f"nothing says which image {image} is"
        if path.rpartition("/")[2] != service.name:
            return ""
        wanted = f"{self.registry}/{service.name}"
        if self.name == "development":
            return "" if image == f"{service.name}:development" else f"{image} is not built here"
        return "" if (path, tag) == (wanted, "v0.0.0") else f"{image} is not of {wanted}"

    def variables(self, service: Service, container: Any) -> tuple[dict[str, str], list[str]]:
        """Return the environment of a container, and what it lacks."""
        found: dict[str, str] = {}
        faults = []
        for source in container.get("envFrom", []):
            for kind, reference in source.items():
                data = self._data(service, "ConfigMap" if "config" in kind else "Secret", reference)
                if data is None and not reference.get("optional"):
                    faults.append(f"there is no {reference['name']}")
                found |= data or {}
        for variable in container.get("env", []):
            if "value" in variable:
                found[variable["name"]] = variable["value"]
            for kind, reference in variable.get("valueFrom", {}).items():
                data = self._data(service, "ConfigMap" if "config" in kind else "Secret", reference)
                if reference["key"] in (data or {}):
                    found[variable["name"]] = (data or {})[reference["key"]]
                elif not reference.get("optional"):
                    faults.append(f"there is no {reference['name']} with {reference['key']}")
        return found, faults

    def _data(self, service: Service, kind: str, reference: Any) -> dict[str, str] | None:
        """Return what is in a ConfigMap or Secret of the manifests, or of who administers it."""
        name, key = reference["name"], reference.get("key", "")
        for each in of(service.objects, kind):
            if each["metadata"]["name"] == name:
                data: dict[str, str] = each.get("data") or {}
                if kind == "ConfigMap":
                    return data
                return {each: base64.b64decode(value).decode() for each, value in data.items()}
        if any(
            each["spec"]["target"]["name"] == name for each in of(service.objects, "ExternalSecret")
        ):
            return {key: f"{name}, {key}"} if key else {}
        if name == "acme-shared":
            return dict(SHARED)
        # A local cluster has its keys; in the others somebody has made the Secret.
        if kind == "Secret" and key and (self.name != "development" or name in KEYS):
            return {key: f"{name}, {key}"}
        return None

    def _calls(
        self, pod: Pod, container: Any, variables: Mapping[str, str]
    ) -> Iterator[tuple[str, str, Port]]:
        """Yield what a container calls: what for, the host and the port."""
        if container["name"] == "pgbouncer":
            port = Port(int(variables.get("DATABASE_PORT", 5432)))
            yield "the server", variables.get("DATABASE_HOST", ""), port
        if container["image"].partition(":")[0].rpartition("/")[2] != pod.service.name:
            return
        settings = self.settings(pod.service, variables)
        if "database.host" in settings:
            yield "the database", settings["database.host"], Port(int(settings["database.port"]))
        if container["name"] != "service":
            return
        for key, url in settings.items():
            if key.startswith("upstream.") and key.endswith(".url"):
                yield key, urlsplit(url).hostname or "", Port(urlsplit(url).port or 80)
        if address := settings["logs.syslog"]:
            host, _, number = address.partition(":")
            yield "syslog", host, Port(int(number), "UDP")

    def settings(self, service: Service, variables: Mapping[str, str]) -> dict[str, str]:
        """Return the settings of a container, by their names."""
        prefix = service.name.replace("-", "_").upper()
        return {
            key: variables.get(f"{prefix}_{key.replace('.', '__').upper()}", str(value))
            for key, value in service.settings.items()
        }

    def _reaches(self, caller: Endpoint, host: str, port: Port) -> Iterator[str]:
        """Yield why a call does not arrive."""
        if host in ELSEWHERE:
            if not self.network.is_open(caller, self.others[ELSEWHERE[host]], port):
                yield f"{host}:{port.number} is shut"
            return
        services = [each for each in of(self.objects, "Service") if self._is_named(each, host)]
        if not services:
            yield f"there is no Service {host!r}"
            return
        [service] = services
        ports = [each for each in service["spec"]["ports"] if each["port"] == port.number]
        if not ports:
            yield f"the Service {host} has no port {port.number}"
        for each in ports:
            yield from self._reaches_pods(caller, service, each)

    def _is_named(self, service: Object, host: str) -> bool:
        name, _, namespace = host.partition(".")
        is_here = namespace in ("", self.namespace, f"{self.namespace}.svc")
        return bool(service["metadata"]["name"] == name) and is_here

    def _reaches_pods(self, caller: Endpoint, service: Object, port: Any) -> Iterator[str]:
        name = service["metadata"]["name"]
        behind = [
            pod
            for pod in self.pods
            if selects({"matchLabels": service["spec"]["selector"]}, pod.endpoint.labels)
        ]
        if not behind:
            yield f"the Service {name} selects no pod"
        for pod in behind:
            number = pod.ports().get(port["targetPort"])
            if number is None:
                yield f"the Service {name}: {pod.title} has no port {port['targetPort']}"
            elif not self.network.is_open(caller, pod.endpoint, Port(number)):
                yield f"{name}: {pod.title} is shut at {number}"

    def _of_objects(self) -> Iterator[str]:
        for each in self.objects:
            title = f"{each['kind']} {each['metadata']['name']}"
            look = {
                "Service": self._service,
                "Ingress": self._ingress,
                "ServiceMonitor": self._monitor,
                "HorizontalPodAutoscaler": self._autoscaler,
                "PodDisruptionBudget": self._budget,
            }.get(each["kind"])
            if look:
                yield from (f"{title}: {fault}" for fault in look(each))

    def _service(self, service: Object) -> Iterator[str]:
        for port in service["spec"]["ports"]:
            faults = self._reaches_pods(Endpoint("nobody"), service, port)
            yield from (fault for fault in faults if " is shut at " not in fault)

    def _ingress(self, ingress: Object) -> Iterator[str]:
        for rule in ingress["spec"]["rules"]:
            for path in rule["http"]["paths"]:
                backend = path["backend"]["service"]
                yield from self._named_port(backend["name"], backend["port"]["name"], "ingress")

    def _monitor(self, monitor: Object) -> Iterator[str]:
        services = [
            each
            for each in of(self.objects, "Service")
            if selects(monitor["spec"]["selector"], each["metadata"]["labels"])
        ]
        if not services:
            yield "it selects no Service"
        for service in services:
            for endpoint in monitor["spec"]["endpoints"]:
                yield from self._named_port(
                    service["metadata"]["name"], endpoint["port"], "prometheus"
                )

    def _named_port(self, service: str, port: str, caller: str) -> Iterator[str]:
        ports = [
            each["port"]
            for found in of(self.objects, "Service")
            if found["metadata"]["name"] == service
            for each in found["spec"]["ports"]
            if each["name"] == port
        ]
        if not ports:
            yield f"there is no Service {service} with a port {port}"
        for number in ports:
            yield from self._reaches(self.others[caller], service, Port(number))

    def _autoscaler(self, autoscaler: Object) -> Iterator[str]:
        target = autoscaler["spec"]["scaleTargetRef"]
        if target["name"] not in [
            each["metadata"]["name"] for each in of(self.objects, target["kind"])
        ]:
            yield f"there is no {target['kind']} {target['name']}"

    def _budget(self, budget: Object) -> Iterator[str]:
        selected = [
            pod for pod in self.pods if selects(budget["spec"]["selector"], pod.endpoint.labels)
        ]
        if not selected:
            yield "it selects no pod"
        kinds = {(pod.endpoint.labels[NAME], pod.endpoint.labels[COMPONENT]) for pod in selected}
        if len(kinds) > 1:
            yield f"it selects {sorted(kinds)}"
