"""The manifests of infra/kubernetes as they are written, where there is nothing to build them."""

import copy
from functools import cache
from typing import Any

import yaml

from {{ cookiecutter.package_name }}.chassis import project_files
from {{ cookiecutter.package_name }}.chassis.settings import ENVIRONMENT_VARIABLE
from {{ cookiecutter.package_name }}.tasks import overlays

BASE = project_files.find(str(overlays.FOLDER)) / "base"
STAGE = "production"
TAG = "v1.2"

Object = dict[str, Any]


def written() -> list[Object]:
    """Return the objects of the base, with what every overlay adds to them."""
    return copy.deepcopy(_written())


@cache
def _written() -> list[Object]:
    files = [path for path in sorted(BASE.glob("*.yaml")) if path.name != overlays.KUSTOMIZATION]
    text = "\n---\n".join(path.read_text(encoding="utf-8") for path in files)
    service = overlays.name()
    found = [each for each in yaml.safe_load_all(text) if each]
    for each in found:
        each["metadata"]["namespace"] = STAGE
        pod = each["spec"]["template"]["spec"] if "template" in each.get("spec", {}) else {}
        for container in [*pod.get("initContainers", []), *pod.get("containers", [])]:
            container["image"] = f"registry.example:5000/{container['image']}:{TAG}"
        if each["kind"] == "Ingress":
            each["spec"]["tls"] = [{"hosts": [f"{service}.invalid"]}]
    lines = (BASE / "settings.env").read_text(encoding="utf-8").splitlines()
    own = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    environment = {ENVIRONMENT_VARIABLE: f"{STAGE}.kubernetes"}
    return [
        *found,
        _config_map(f"{service}-environment", environment),
        _config_map(f"{service}-settings", own),
    ]


def _config_map(name: str, data: dict[str, str]) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def one(objects: list[Object], kind: str) -> Object:
    """Return the object of a kind that bears the service's name."""
    return overlays.one(objects, kind, overlays.name())


def container(objects: list[Object]) -> Any:
    """Return the container that serves."""
    return pod(objects)["containers"][0]


def pod(objects: list[Object]) -> Any:
    """Return what describes the pods that serve."""
    return one(objects, "Deployment")["spec"]["template"]["spec"]
