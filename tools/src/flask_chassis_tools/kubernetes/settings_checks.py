"""Checks that pods get the settings that the service reads, and no others."""

import re
from collections.abc import Iterator
from typing import Any

from flask_chassis import settings
from invoke import Exit

from flask_chassis_tools.kubernetes import prerequisites
from flask_chassis_tools.kubernetes.kubectl import Object
from flask_chassis_tools.kubernetes.object_checks import is_own, of, title
from flask_chassis_tools.kubernetes.pod_checks import each_container, served

FOREIGN = ("_FOR_DYNACONF", "VERSION_NAME", "VERSION_SHA")
"""Suffixes of variables that the service reads and that are not settings."""

BODY_SIZE = "nginx.ingress.kubernetes.io/proxy-body-size"
_BODY_SIZE = re.compile(r"(\d+)([kKmMgG]?)")
_UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}


def known_variables(environment: str) -> dict[str, str]:
    """Return the variables that the service reads in an environment, and their settings."""
    return {settings.variable_for(key): key for key in settings.declared_in(environment)}


def own_containers(objects: list[Object]) -> Iterator[tuple[str, Any]]:
    """Yield the containers that run the service's image, each with a title."""
    for where, container, _ in each_container(objects):
        if is_own(container):
            yield where, container


def environment(objects: list[Object], stage: str) -> Iterator[str]:
    """Require that pods select the environment of the stage."""
    try:
        found = prerequisites.environment(objects)
    except Exit as error:
        yield str(error.message)
        return
    if found not in settings.environments() or found != f"{stage}.kubernetes":
        yield f"{settings.environment_variable()} is {found}, but must be {stage}.kubernetes"
    for where, container in own_containers(objects):
        if settings.environment_variable() not in prerequisites.set_in(container, objects):
            yield f"{where}: {settings.environment_variable()} is not set"


def variables(objects: list[Object], stage: str) -> Iterator[str]:
    """Require that the service reads every variable that is set."""
    known = {*known_variables(f"{stage}.kubernetes"), settings.environment_variable()}
    for where, container in own_containers(objects):
        for name in prerequisites.set_in(container, objects):
            if name not in known and not name.endswith(FOREIGN):
                yield f"{where}: the service does not read the variable {name}"


def references(objects: list[Object], stage: str) -> Iterator[str]:
    """Require that the key in a Secret has the name of the setting."""
    known = known_variables(f"{stage}.kubernetes")
    for where, container in own_containers(objects):
        for variable in container.get("env") or []:
            reference = (variable.get("valueFrom") or {}).get("secretKeyRef")
            if reference and reference["key"] != known.get(variable["name"]):
                yield f"{where}: {variable['name']} is read from the key {reference['key']}"
            if reference is None and variable["name"].endswith(("PASSWORD", "SECRET_KEY")):
                yield f"{where}: {variable['name']} is a secret, but its value is in a manifest"


def mounts(objects: list[Object], stage: str) -> Iterator[str]:
    """Require that the folders in the settings are mounted from Secrets, and no others."""
    declared = settings.declared_in(f"{stage}.kubernetes")
    wanted = {str(value) for key, value in declared.items() if key.endswith("_folder")}
    for workload, pod, container in served(objects):
        secrets = {volume["name"] for volume in pod.get("volumes", []) if "secret" in volume}
        found = {
            mount["mountPath"]
            for mount in container.get("volumeMounts", [])
            if mount["name"] in secrets
        }
        for path in sorted(wanted ^ found):
            fault = "is mounted, but no setting names it"
            if path in wanted:
                fault = "is in the settings, but not mounted"
            yield f"{title(workload)}: {path} {fault}"
        for mount in container.get("volumeMounts", []):
            if mount["name"] in secrets and "subPath" in mount:
                yield f"{title(workload)}: {mount['mountPath']} has a subPath: no updates"


def body_size(objects: list[Object], stage: str) -> Iterator[str]:
    """Require that the Ingress lets through the bodies that the service accepts."""
    key = "http.max_body_bytes"
    accepted = str(settings.declared_in(f"{stage}.kubernetes").get(key, 0))
    for each in of(objects, "ConfigMap"):
        accepted = (each.get("data") or {}).get(settings.variable_for(key), accepted)
    if not accepted.isdecimal():
        return  # the service does not start with it
    for each in of(objects, "Ingress"):
        default = "1m" if each["spec"].get("ingressClassName") == "nginx" else "0"
        text = str((each["metadata"].get("annotations") or {}).get(BODY_SIZE, default))
        found = _BODY_SIZE.fullmatch(text)
        if not found:
            yield f"{title(each)}: {BODY_SIZE} is {text!r}, which is not a size such as 1m"
        elif 0 < int(found[1]) * _UNITS[found[2].lower()] < int(accepted):
            yield (
                f"{title(each)}: {BODY_SIZE} is {text}, but {key} is {accepted}: raise the one or "
                "lower the other"
            )
