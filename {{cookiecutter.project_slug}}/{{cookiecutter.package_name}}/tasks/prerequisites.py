"""What must be in a namespace before the manifests: secrets, and what all services share."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from invoke import Exit

from ..chassis import settings
from .kubectl import Object


@dataclass(frozen=True, order=True)
class Needed:
    """A Secret or ConfigMap that the manifests do not make, and a key that is read of it.

    Without a key, all that is in it is mounted as files.
    """

    kind: str
    name: str
    key: str = ""


def of(objects: list[Object]) -> list[Needed]:
    """Return what pods refer to, do not do without, and the manifests do not make."""
    made = {(each["kind"], each["metadata"]["name"]) for each in objects}
    made |= {
        ("Secret", each["spec"]["target"]["name"])
        for each in objects
        if each["kind"] == "ExternalSecret"
    }
    found = {needed for pod in pods(objects) for needed in _of_pod(pod)}
    return sorted(needed for needed in found if (needed.kind, needed.name) not in made)


def pods(objects: list[Object]) -> Iterator[Any]:
    """Yield what describes pods: their `spec`, of whatever makes them."""
    for each in objects:
        template = each.get("spec", {}).get("template", {})
        if "containers" in template.get("spec", {}):
            yield template["spec"]


def containers(pod: Any) -> list[Any]:
    """Return all containers of a pod."""
    return [*pod.get("initContainers", []), *pod["containers"]]


def _of_pod(pod: Any) -> Iterator[Needed]:
    for container in containers(pod):
        for variable in container.get("env", []):
            source = variable.get("valueFrom") or {}
            for field, kind in (("secretKeyRef", "Secret"), ("configMapKeyRef", "ConfigMap")):
                if field in source and not source[field].get("optional"):
                    yield Needed(kind, source[field]["name"], source[field]["key"])
        for source in container.get("envFrom", []):
            for field, kind in (("secretRef", "Secret"), ("configMapRef", "ConfigMap")):
                if field in source and not source[field].get("optional"):
                    yield Needed(kind, source[field]["name"])
    for volume in pod.get("volumes", []):
        if "secret" in volume and not volume["secret"].get("optional"):
            yield Needed("Secret", volume["secret"]["secretName"])
        if "configMap" in volume and not volume["configMap"].get("optional"):
            yield Needed("ConfigMap", volume["configMap"]["name"])


def commands(
    objects: list[Object], namespace: str, declared: Callable[[str], Mapping[str, object]]
) -> list[str]:
    """Return the lines that make all of it, with the values in variables of the shell.

    `declared` returns what settings.yaml says of an environment: a folder that is mounted has its
    files where a developer has them.
    """
    lines = [
        f"kubectl create namespace {namespace}",
        f"kubectl label namespace {namespace} pod-security.kubernetes.io/enforce=restricted",
    ]
    needed, local = of(objects), _local_folders(objects, declared)
    for kind, name in sorted({(each.kind, each.name) for each in needed}):
        keys = [each.key for each in needed if (each.kind, each.name) == (kind, name) and each.key]
        what = "secret generic" if kind == "Secret" else "configmap"
        values = [f'--from-literal={key}="${variable(key)}"' for key in keys]
        folder = f"--from-file={local.get(name, name)}/"
        parts = [f"kubectl create {what} {name} --namespace={namespace}", *(values or [folder])]
        lines.append(" \\\n    ".join(parts))
    return lines


def _local_folders(
    objects: list[Object], declared: Callable[[str], Mapping[str, object]]
) -> dict[str, str]:
    """Return for each secret that is mounted the folder that a developer has in its place."""
    found = {}
    here = declared(settings.DEFAULT_ENVIRONMENT)
    there = declared(environment(objects))
    settings_of = {value: key for key, value in there.items()}
    for pod in pods(objects):
        secrets = {
            volume["name"]: volume["secret"]["secretName"]
            for volume in pod.get("volumes", [])
            if "secret" in volume
        }
        for container in containers(pod):
            for mount in container.get("volumeMounts", []):
                key = settings_of.get(mount["mountPath"])
                if key and mount["name"] in secrets:
                    found[secrets[mount["name"]]] = str(here[key])
    return found


def environment(objects: list[Object]) -> str:
    """Return the environment that the manifests name."""
    for each in objects:
        if each["kind"] == "ConfigMap" and settings.ENVIRONMENT_VARIABLE in each.get("data", {}):
            return str(each["data"][settings.ENVIRONMENT_VARIABLE])
    raise Exit(f"No ConfigMap of the manifests sets {settings.ENVIRONMENT_VARIABLE}.", 1)


def variable(key: str) -> str:
    """Return the name of a shell variable for a key: `database.password` -> `DATABASE_PASSWORD`."""
    return key.replace(".", "_").replace("-", "_").upper()
