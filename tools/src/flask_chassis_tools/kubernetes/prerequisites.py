"""Finds what must exist in a namespace before a deployment: Secrets and shared ConfigMaps."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask_chassis import settings
from invoke import Exit

from flask_chassis_tools.kubernetes import overlays
from flask_chassis_tools.kubernetes.kubectl import Object


@dataclass(frozen=True, order=True)
class Needed:
    """A Secret or ConfigMap that the manifests do not create, and a key that pods read from it.

    Without a key, all of its keys are mounted as files.
    """

    kind: str
    name: str
    key: str = ""


@dataclass(frozen=True)
class Certificate:
    """A Secret with the certificate of an Ingress, which nothing in the manifests creates."""

    name: str
    ingress: str
    hosts: tuple[str, ...]


PULL_KEY = ".dockerconfigjson"
"""The key of a Secret with the login to a registry."""

CERT_MANAGER = ("cert-manager.io/cluster-issuer", "cert-manager.io/issuer")
"""Annotations of an Ingress: with one of them, cert-manager creates its Secret."""


def of(objects: list[Object]) -> list[Needed]:
    """Return the required references of pods that the manifests do not create."""
    made = _made(objects)
    found = {needed for pod in pods(objects) for needed in _of_pod(pod)}
    found |= {Needed("Secret", name, PULL_KEY) for name in _pull_secrets(objects)}
    found |= {
        Needed("Secret", own_secret(), settings.variable_for(key)) for key in own_settings(objects)
    }
    return sorted(needed for needed in found if (needed.kind, needed.name) not in made)


def certificates(objects: list[Object]) -> list[Certificate]:
    """Return the Secrets with certificates that neither the manifests nor cert-manager create."""
    made = _made(objects)
    return [
        Certificate(tls["secretName"], each["metadata"]["name"], tuple(tls.get("hosts", [])))
        for each in objects
        if each["kind"] == "Ingress"
        and not set(CERT_MANAGER) & set(each["metadata"].get("annotations", {}))
        for tls in each["spec"].get("tls", [])
        if "secretName" in tls and ("Secret", tls["secretName"]) not in made
    ]


def _made(objects: list[Object]) -> set[tuple[str, str]]:
    """Return kind and name of what the manifests create, or have an operator create."""
    made = {(each["kind"], each["metadata"]["name"]) for each in objects}
    for each in objects:
        if each["kind"] == "ExternalSecret":
            target = each["spec"].get("target", {})
            made.add(("Secret", target.get("name", each["metadata"]["name"])))
        if each["kind"] == "Certificate":
            made.add(("Secret", each["spec"]["secretName"]))
    return made


def _pull_secrets(objects: list[Object]) -> set[str]:
    """Return the Secrets with which images are pulled, of pods and of service accounts."""
    accounts = [each for each in objects if each["kind"] == "ServiceAccount"]
    return {
        secret["name"]
        for each in [*pods(objects), *accounts]
        for secret in each.get("imagePullSecrets") or []
    }


def own_secret() -> str:
    """Return the name of the Secret for the service's own settings, whose keys are variables."""
    return f"{overlays.name()}-settings"


def own_settings(objects: list[Object]) -> list[str]:
    """Return the required settings that pods have from the Secret for own settings alone."""
    readers = [
        container
        for pod in pods(objects)
        for container in containers(pod)
        if reads_own_secret(container)
    ]
    required = settings.required_in(environment(objects)) if readers else []
    return [
        key
        for key in required
        if any(not is_supplied(key, container, objects) for container in readers)
    ]


def reads_own_secret(container: Any) -> bool:
    """Return whether a container has variables from the Secret for own settings."""
    sources = container.get("envFrom") or []
    return own_secret() in [source.get("secretRef", {}).get("name") for source in sources]


def is_supplied(key: str, container: Any, objects: list[Object]) -> bool:
    """Return whether a variable, a ConfigMap or the Vault agent supplies a setting."""
    name = settings.variable_for(key)
    optional = any(
        reference.get("optional")
        for variable in container.get("env") or []
        if variable["name"] == name
        for reference in (variable.get("valueFrom") or {}).values()
    )
    return (name in set_in(container, objects) and not optional) or agent_supplies(key, objects)


def set_in(container: Any, objects: list[Object]) -> list[str]:
    """Return the variables that are set in a container by the manifests."""
    made = {each["metadata"]["name"]: each for each in objects if each["kind"] == "ConfigMap"}
    names = [
        name
        for source in container.get("envFrom") or []
        for name in made.get(source.get("configMapRef", {}).get("name", ""), {}).get("data", {})
    ]
    return names + [variable["name"] for variable in container.get("env") or []]


def agent_supplies(key: str, objects: list[Object]) -> bool:
    """Return whether the Vault agent writes a setting to a file, or all that Vault has."""
    texts = [
        text
        for each in objects
        for name, text in _annotations(each).items()
        if name == "vault.hashicorp.com/agent-inject-template-settings.local.yaml"
    ]
    return any(f".{key.replace('.', '__')} " in text or "range " in text for text in texts)


def _annotations(each: Object) -> dict[str, str]:
    template = overlays.pod_template(each)
    found: dict[str, str] = template.get("metadata", {}).get("annotations", {})
    return found


def pods(objects: list[Object]) -> Iterator[Any]:
    """Yield the pod specs of all objects that create pods."""
    for each in objects:
        template = overlays.pod_template(each)
        if "containers" in template.get("spec", {}):
            yield template["spec"]


def containers(pod: Any) -> list[Any]:
    """Return all containers of a pod."""
    return [*pod.get("initContainers", []), *pod["containers"]]


def _of_pod(pod: Any) -> Iterator[Needed]:
    for container in containers(pod):
        for variable in container.get("env") or []:
            source = variable.get("valueFrom") or {}
            for field, kind in (("secretKeyRef", "Secret"), ("configMapKeyRef", "ConfigMap")):
                if field in source and not source[field].get("optional"):
                    yield Needed(kind, source[field]["name"], source[field]["key"])
        for source in container.get("envFrom") or []:
            for field, kind in (("secretRef", "Secret"), ("configMapRef", "ConfigMap")):
                if field in source and not source[field].get("optional"):
                    yield Needed(kind, source[field]["name"])
    for volume in pod.get("volumes", []):
        if "secret" in volume and not volume["secret"].get("optional"):
            yield Needed("Secret", volume["secret"]["secretName"])
        if "configMap" in volume and not volume["configMap"].get("optional"):
            yield Needed("ConfigMap", volume["configMap"]["name"])


def environment(objects: list[Object]) -> str:
    """Return the environment that the manifests select."""
    for each in objects:
        if each["kind"] == "ConfigMap" and settings.environment_variable() in each.get("data", {}):
            return str(each["data"][settings.environment_variable()])
    raise Exit(f"No ConfigMap in the manifests sets {settings.environment_variable()}.", 1)
