"""Removes the settings of old versions: ConfigMaps that nothing reads any more.

kustomize adds a hash of the content to the name of a ConfigMap, so that a change makes a new one.
"""

import re
from collections.abc import Iterator

from invoke import Exit

from flask_chassis_tools.kubernetes import overlays
from flask_chassis_tools.kubernetes.kubectl import Kubectl, Object

READERS = {
    "deployments": "apps",
    "replicasets": "apps",  # those that a rollback may return to (revisionHistoryLimit)
    "statefulsets": "apps",
    "jobs": "batch",
    "cronjobs": "batch",
    "pods": "",
}
"""Resources whose specification may refer to a ConfigMap, and their groups."""

HASHED = re.compile(r"(?P<name>.+)-[24-9bcdfghkmt]{10}")
"""The name of a ConfigMap with kustomize's hash, which has none of 0, 1, 3, a and e."""


def remove_old(kubectl: Kubectl, objects: list[Object]) -> None:
    """Delete the earlier versions of the ConfigMaps in the manifests that nothing refers to."""
    try:
        old = _old(kubectl, objects)
        if old:
            kubectl.show("delete", "--wait=false", "--ignore-not-found", *old)
    except Exit as error:  # the version is rolled out anyway
        print(f"ConfigMaps of old versions were not removed. {error.message}")


def _old(kubectl: Kubectl, objects: list[Object]) -> list[str]:
    made = {each["metadata"]["name"] for each in objects if each["kind"] == "ConfigMap"}
    names = {found["name"] for found in map(HASHED.fullmatch, made) if found}
    # In development, another service generates one of the shared name, which it may need soon.
    names = {each for each in names if each.startswith(f"{overlays.name()}-")}
    if not names:
        return []
    there = {each["metadata"]["name"]: _made_at(each) for each in kubectl.all_of("configmaps")}
    newest = max(there.get(name, "") for name in made)
    earlier = {
        name
        for name in there.keys() - made
        if (found := HASHED.fullmatch(name))
        and found["name"] in names
        # A newer one may be that of a deployment that runs at this moment.
        and there[name] <= newest
    }
    if not earlier:
        return []
    readers = kubectl.all_of(",".join(READERS))
    read = {text for each in readers for text in _texts(each.get("spec"))}
    return [f"configmap/{name}" for name in sorted(earlier - read)]


def _made_at(each: Object) -> str:
    """Return when an object was created, in RFC 3339 and UTC, as the API server writes it."""
    return str(each["metadata"].get("creationTimestamp", ""))


def _texts(value: object) -> Iterator[str]:
    """Yield all texts in a specification: a ConfigMap can be named in many places of it."""
    if isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, str):
        yield value
