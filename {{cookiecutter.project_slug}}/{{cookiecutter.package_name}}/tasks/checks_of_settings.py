"""Whether pods get the settings that the service reads, and no others."""

from collections.abc import Iterator
from typing import Any

from invoke import Exit

from ..chassis import settings
from . import prerequisites
from .checks_of_objects import of, title
from .checks_of_pods import each_container, is_own, served
from .kubectl import Object

FOREIGN = ("_FOR_DYNACONF", "VERSION_NAME", "VERSION_SHA")
"""The ends of variables that are read and are no settings."""


def known_variables(environment: str) -> dict[str, str]:
    """Return the variables that the service reads in an environment, with the settings they are."""
    return {settings.variable_for(key): key for key in settings.declared_in(environment)}


def own_containers(objects: list[Object]) -> Iterator[tuple[str, Any]]:
    """Yield the containers that run the service's image, each with a title."""
    for where, container, _ in each_container(objects):
        if is_own(container):
            yield where, container


def set_in(container: Any, objects: list[Object]) -> list[str]:
    """Return the variables that a container is given."""
    made = {each["metadata"]["name"]: each.get("data", {}) for each in of(objects, "ConfigMap")}
    names = [
        name
        for source in container.get("envFrom", [])
        for name in made.get(source.get("configMapRef", {}).get("name", ""), {})
    ]
    return names + [variable["name"] for variable in container.get("env", [])]


def environment(objects: list[Object], stage: str) -> Iterator[str]:
    """Pods run in the environment of the stage, which settings.yaml has."""
    try:
        found = prerequisites.environment(objects)
    except Exit as error:
        yield str(error)
        return
    if found not in settings.environments() or found != f"{stage}.kubernetes":
        yield f"{settings.ENVIRONMENT_VARIABLE} is {found}, which is not {stage}.kubernetes"
    for where, container in own_containers(objects):
        if settings.ENVIRONMENT_VARIABLE not in set_in(container, objects):
            yield f"{where}: {settings.ENVIRONMENT_VARIABLE} is not set"


def variables(objects: list[Object], stage: str) -> Iterator[str]:
    """Every variable that is set is read."""
    known = {*known_variables(f"{stage}.kubernetes"), settings.ENVIRONMENT_VARIABLE}
    for where, container in own_containers(objects):
        for name in set_in(container, objects):
            if name not in known and not name.endswith(FOREIGN):
                yield f"{where}: nothing reads the variable {name}"


def required(objects: list[Object], stage: str) -> Iterator[str]:
    """Everything that must come from outside comes."""
    agent = _files_of_agent(objects)
    for where, container in own_containers(objects):
        given = set_in(container, objects)
        for key in settings.required_in(f"{stage}.kubernetes"):
            optional = [
                variable
                for variable in container.get("env", [])
                if variable["name"] == settings.variable_for(key) and _is_optional(variable)
            ]
            is_there = settings.variable_for(key) in given and not optional
            if not is_there and key not in agent:
                yield f"{where}: {key} is required, and nothing supplies it"


def _is_optional(variable: Any) -> bool:
    source: dict[str, Any] = variable.get("valueFrom") or {}
    return any(reference.get("optional") for reference in source.values())


def _files_of_agent(objects: list[Object]) -> set[str]:
    """Return the settings that Vault's agent writes into a file."""
    texts = [
        text
        for each in objects
        for key, text in _annotations(each).items()
        if key == "vault.hashicorp.com/agent-inject-template-settings.local.yaml"
    ]
    keys = settings.declared_in(settings.DEFAULT_ENVIRONMENT)
    return {key for key in keys for text in texts if f".{key.replace('.', '__')} " in text}


def _annotations(each: Object) -> dict[str, str]:
    template = each.get("spec", {}).get("template", {})
    found: dict[str, str] = template.get("metadata", {}).get("annotations", {})
    return found


def references(objects: list[Object], stage: str) -> Iterator[str]:
    """A Secret for a setting has a key of the setting's name: nobody has to guess it."""
    known = known_variables(f"{stage}.kubernetes")
    for where, container in own_containers(objects):
        for variable in container.get("env", []):
            reference = (variable.get("valueFrom") or {}).get("secretKeyRef")
            if reference and reference["key"] != known.get(variable["name"]):
                yield f"{where}: {variable['name']} is read from the key {reference['key']}"
            if reference is None and variable["name"].endswith(("PASSWORD", "SECRET_KEY")):
                yield f"{where}: {variable['name']} is a secret, and stands in a manifest"


def mounts(objects: list[Object], stage: str) -> Iterator[str]:
    """Each folder that the settings name is mounted, from a Secret, and no other Secret is."""
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
            fault = "is mounted, and no setting names it"
            if path in wanted:
                fault = "is named by the settings, and not mounted"
            yield f"{title(workload)}: {path} {fault}"
        for mount in container.get("volumeMounts", []):
            if mount["name"] in secrets and "subPath" in mount:
                yield f"{title(workload)}: {mount['mountPath']} would not follow its Secret"
