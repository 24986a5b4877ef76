"""Reads the manifests in infra/kubernetes without kustomize."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from flask_chassis import project, safe_yaml, settings

from flask_chassis_tools.kubernetes import overlays

STAGE = "production"
TAG = "v1.2"

Object = dict[str, Any]

needs_kustomize = pytest.mark.skipif(
    not (shutil.which("kustomize") or shutil.which("kubectl")),
    reason="neither kustomize nor kubectl is here to build the overlays",
)


def base() -> Path:
    """Return the folder with the base of the manifests."""
    return project.find(str(overlays.FOLDER)) / "base"


def written() -> list[Object]:
    """Return the objects of the base, with the additions of all overlays.

    The two ConfigMaps with settings are made of the same file: what is changed in one is in both.
    """
    files = [path for path in sorted(base().glob("*.yaml")) if path.name != overlays.KUSTOMIZATION]
    text = "\n---\n".join(path.read_text(encoding="utf-8") for path in files)
    service = overlays.name()
    found = [each for each in safe_yaml.load_all(text) if each]
    for each in found:
        each["metadata"]["namespace"] = STAGE
        pod = each["spec"]["template"]["spec"] if "template" in each.get("spec", {}) else {}
        for container in [*pod.get("initContainers", []), *pod.get("containers", [])]:
            container["image"] = f"registry.example:5000/{container['image']}:{TAG}"
        if each["kind"] == "Ingress":
            each["spec"]["tls"] = [{"hosts": [f"{service}.invalid"]}]
    lines = (base() / "settings.env").read_text(encoding="utf-8").splitlines()
    own = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    environment = {settings.environment_variable(): f"{STAGE}.kubernetes"}
    return [
        *found,
        _config_map(f"{service}-job-settings", own),
        _config_map(f"{service}-environment", environment),
        _config_map(f"{service}-settings", own),
    ]


def _config_map(name: str, data: dict[str, str]) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def one(objects: list[Object], kind: str) -> Object:
    """Return the object of a kind with the service's name."""
    return overlays.one(objects, kind, overlays.name())


def container(objects: list[Object]) -> Any:
    """Return the container that serves requests."""
    return pod(objects)["containers"][0]


def pod(objects: list[Object]) -> Any:
    """Return the spec of the pods that serve requests."""
    return one(objects, "Deployment")["spec"]["template"]["spec"]
