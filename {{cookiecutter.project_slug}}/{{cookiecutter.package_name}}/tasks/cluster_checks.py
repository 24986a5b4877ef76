"""All that is checked of the manifests; each check returns what is wrong, a sentence each."""

import re
from pathlib import Path
from typing import Any

import yaml

from ..chassis import project_files
from . import (
    checks_of_objects,
    checks_of_pods,
    checks_of_settings,
    flows,
    network_policies,
    overlays,
    uwsgi_config,
)
from .kubectl import Object

CHECKS = (
    checks_of_objects.selectors,
    checks_of_objects.ports,
    checks_of_objects.ingress,
    checks_of_objects.replicas,
    checks_of_objects.policies,
    checks_of_pods.images,
    checks_of_pods.privileges,
    checks_of_pods.probes,
    checks_of_pods.ends,
    checks_of_pods.resources,
    checks_of_pods.amounts,
    checks_of_settings.variables,
    checks_of_settings.required,
    checks_of_settings.references,
    checks_of_settings.mounts,
    checks_of_settings.environment,
)

DEPRECATED = ("bases", "commonLabels", "patchesJson6902", "patchesStrategicMerge", "vars")


def faults_in(objects: list[Object], stage: str) -> list[str]:
    """Return what is wrong with the objects of a stage."""
    return [fault for check in CHECKS for fault in check(objects, stage)]


def faults_in_files() -> list[str]:
    """Return what is wrong with the files that the objects are made of."""
    folder = project_files.working_folder()
    found = [fault for path in _yaml_files(folder) for fault in faults_in_file(path)]
    declared = flows.read(folder / flows.FILE, overlays.name(), uwsgi_config.ports())
    return found + [
        f"{path} is not what {flows.FILE} says: run the task cluster.network-policy"
        for path in network_policies.different(folder, declared)
    ]


def _yaml_files(folder: Path) -> list[Path]:
    return sorted((folder / overlays.FOLDER).rglob("*.yaml"))


def faults_in_file(path: Path) -> list[str]:
    """Return what is wrong with a file: what is deprecated, or left for a shell to fill in."""
    text = path.read_text(encoding="utf-8")
    where = path.relative_to(path.parents[2]).as_posix()
    faults = [f"{where}: nobody fills in {found}" for found in re.findall(r"\$\{\w+\}", text)]
    if path.name == overlays.KUSTOMIZATION:
        content: dict[str, Any] = yaml.safe_load(text)
        faults += [f"{where}: {key} is deprecated" for key in DEPRECATED if key in content]
        faults += [
            f"{where}: includeSelectors changes who the network policies let in and out"
            for labels in content.get("labels", [])
            if labels.get("includeSelectors")
        ]
    return faults
