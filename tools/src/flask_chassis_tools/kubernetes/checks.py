"""Runs all checks of the manifests. Each check yields one sentence per fault."""

import re
from pathlib import Path
from typing import Any

from flask_chassis import project, safe_yaml
from flask_chassis.tasks import uwsgi_config

from flask_chassis_tools.kubernetes import (
    address_checks,
    flows,
    network_policies,
    object_checks,
    overlays,
    pgbouncer,
    pod_checks,
    settings_checks,
    source_checks,
    upstream_checks,
)
from flask_chassis_tools.kubernetes.alerts import files as alert_files
from flask_chassis_tools.kubernetes.alerts import objectives
from flask_chassis_tools.kubernetes.kubectl import Object

CHECKS = (
    object_checks.selectors,
    object_checks.ports,
    object_checks.ingress,
    object_checks.replicas,
    object_checks.policies,
    object_checks.unmanaged,
    pod_checks.images,
    pod_checks.privileges,
    pod_checks.probes,
    pod_checks.ends,
    pod_checks.resources,
    pod_checks.amounts,
    settings_checks.variables,
    source_checks.required,
    settings_checks.references,
    settings_checks.mounts,
    settings_checks.environment,
    settings_checks.body_size,
    source_checks.sources,
    address_checks.addresses,
    address_checks.keys,
    address_checks.targets,
    upstream_checks.declared,
)

DEPRECATED = ("bases", "commonLabels", "patchesJson6902", "patchesStrategicMerge", "vars")


def faults_in(objects: list[Object], stage: str) -> list[str]:
    """Return the faults in the objects of a stage."""
    return [fault for check in CHECKS for fault in check(objects, stage)]


def faults_in_files() -> list[str]:
    """Return the faults in the files that the objects are built from."""
    folder = project.working_folder()
    found = [fault for path in _yaml_files(folder) for fault in faults_in_file(path)]
    declared = flows.read(folder / flows.FILE, overlays.name(), uwsgi_config.ports())
    if pgbouncer.has_component(folder) and pgbouncer.is_different(folder):
        found.append(f"{pgbouncer.FILE} {pgbouncer.DIFFERS}")
    found += [
        f"{path} does not match {flows.FILE}: run the task cluster.network-policy"
        for path in network_policies.different(folder, declared)
    ]
    return found + [
        f"{path} does not match {objectives.FILE}: run the task cluster.alerts"
        for path in alert_files.different(folder, overlays.name())
    ]


def _yaml_files(folder: Path) -> list[Path]:
    return sorted((folder / overlays.FOLDER).rglob("*.yaml"))


def faults_in_file(path: Path) -> list[str]:
    """Return the faults in a file: deprecated fields, and unexpanded shell variables."""
    text = path.read_text(encoding="utf-8")
    where = path.relative_to(path.parents[2]).as_posix()
    faults = [f"{where}: nothing expands {found}" for found in re.findall(r"\$\{\w+\}", text)]
    if path.name == overlays.KUSTOMIZATION:
        content: dict[str, Any] = safe_yaml.load(text)
        faults += [f"{where}: {key} is deprecated" for key in DEPRECATED if key in content]
        faults += [
            f"{where}: includeSelectors changes the pods that the network policies select"
            for labels in content.get("labels", [])
            if labels.get("includeSelectors")
        ]
    return faults
