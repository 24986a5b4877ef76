"""Checks that pods get the settings that the service reads, and no others."""

from collections.abc import Iterator
from typing import Any

from flask_chassis import settings
from invoke import Exit

from flask_chassis_tools.kubernetes import prerequisites
from flask_chassis_tools.kubernetes.kubectl import Object
from flask_chassis_tools.kubernetes.object_checks import title
from flask_chassis_tools.kubernetes.pod_checks import each_container, is_own, served

FOREIGN = ("_FOR_DYNACONF", "VERSION_NAME", "VERSION_SHA")
"""Suffixes of variables that the service reads and that are not settings."""


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
        yield str(error)
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


def required(objects: list[Object], stage: str) -> Iterator[str]:
    """Require a source for every required setting.

    The service's own may be keys of its Secret, which cluster.prerequisites lists and
    cluster.deploy requires. Containers that do not read it prepare the database, and need no more.
    """
    for where, container in own_containers(objects):
        if prerequisites.reads_own_secret(container):
            continue
        serves = container["name"] == "service"
        for key in settings.required_in(f"{stage}.kubernetes"):
            is_needed = serves or key.startswith("database.")
            if is_needed and not prerequisites.is_supplied(key, container, objects):
                yield (
                    f"{where}: {key} is required, but nothing supplies it: set "
                    f"{settings.variable_for(key)} in the settings.env of the overlay, or read the "
                    f"Secret {prerequisites.own_secret()} (envFrom)"
                )


def references(objects: list[Object], stage: str) -> Iterator[str]:
    """Require that the key in a Secret has the name of the setting."""
    known = known_variables(f"{stage}.kubernetes")
    for where, container in own_containers(objects):
        for variable in container.get("env", []):
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
