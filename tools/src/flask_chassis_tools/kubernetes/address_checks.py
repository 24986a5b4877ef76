"""Checks that the hosts, ports and keys in the manifests are there, and may be called."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from flask_chassis import settings

from flask_chassis_tools.kubernetes import overlays, reach
from flask_chassis_tools.kubernetes.kubectl import Object
from flask_chassis_tools.kubernetes.object_checks import is_own, of, title, workloads
from flask_chassis_tools.kubernetes.pod_checks import prepares
from flask_chassis_tools.kubernetes.prerequisites import containers

Call = tuple[str, str, str]
"""What for, the host and the port."""

SCHEMES = {"http": "80", "https": "443"}


def addresses(objects: list[Object], stage: str) -> Iterator[str]:
    """Require that pods reach the Services of the manifests that they have the addresses of."""
    for workload in workloads(objects):
        for container in containers(overlays.pod_template(workload)["spec"]):
            for what, host, port in _calls(container, objects, stage):
                if not _is_meant(workload, container, port, objects):
                    continue
                where = f"{title(workload)}, container {container['name']}: {what} is {host}"
                where += f":{port}" if port else ""
                yield from (
                    f"{where}, but {fault}" for fault in _faults(workload, host, port, objects)
                )


def _is_meant(workload: Object, container: Any, port: str, objects: list[Object]) -> bool:
    """Return whether a container is to call what it has the address of.

    A CronJob of the service's image has the address of the database, and may have no use for it.
    """
    if not is_own(container) or container["name"] == "service" or prepares(workload, container):
        return True
    return not port or reach.calls_somewhere(workload, int(port), objects)


def _faults(workload: Object, host: str, port: str, objects: list[Object]) -> Iterator[str]:
    called = reach.service(host, objects)
    if called is not None:
        yield from reach.faults(workload, called, port, objects)
    elif reach.is_elsewhere(host):
        yield (
            f"there is no Service {host} in the manifests of the stage: correct the name, or "
            "switch on the component that has it"
        )


def _calls(container: Any, objects: list[Object], stage: str) -> Iterator[Call]:
    """Yield the addresses that a container has in its variables, or in the settings."""
    known = variables(container, objects)
    of_settings: dict[str, str] = {}
    if is_own(container):
        declared = settings.declared_in(f"{stage}.kubernetes")
        of_settings = {settings.variable_for(key): key for key in declared}
        known = {settings.variable_for(key): str(value) for key, value in declared.items()} | known
        if container["name"] != "service":
            # It prepares the database, and calls nothing else.
            part = settings.variable_for("database")
            known = {name: value for name, value in known.items() if name.startswith(part)}
    for name, value in known.items():
        what = of_settings.get(name, name)
        if name.endswith("HOST") and value != settings.REQUIRED:
            port = known.get(f"{name.removesuffix('HOST')}PORT", "")
            # PostgreSQL's clients take a list of servers.
            for server in value.split(","):
                host, _, own_port = server.partition(":")
                found = own_port or port
                yield what, host, found if found.isdecimal() else ""
        elif name.endswith("URL") and "://" in value:
            try:
                parts = urlsplit(value)
                number = str(parts.port or SCHEMES.get(parts.scheme, ""))
            except ValueError:
                continue  # which the start refuses, with a message of its own
            yield what, parts.hostname or "", number


def variables(container: Any, objects: list[Object]) -> dict[str, str]:
    """Return the variables of a container, as far as the manifests have their values.

    The value of one that comes from elsewhere is an empty text.
    """
    made = {each["metadata"]["name"]: each.get("data") or {} for each in of(objects, "ConfigMap")}
    found: dict[str, str] = {}
    for source in container.get("envFrom") or []:
        found |= made.get(source.get("configMapRef", {}).get("name", ""), {})
    for variable in container.get("env") or []:
        reference = (variable.get("valueFrom") or {}).get("configMapKeyRef", {})
        data: Mapping[str, str] = made.get(reference.get("name", ""), {})
        if reference.get("optional") and reference["key"] not in data and reference["name"] in made:
            continue
        found[variable["name"]] = str(variable.get("value", data.get(reference.get("key", ""), "")))
    return found


def keys(objects: list[Object], stage: str) -> Iterator[str]:
    """Require that ConfigMaps and Secrets of the manifests have the keys that pods read."""
    made = {
        (each["kind"], each["metadata"]["name"]): {
            *(each.get("data") or {}),
            *(each.get("stringData") or {}),
        }
        for each in of(objects, "ConfigMap", "Secret")
    }
    for workload in workloads(objects):
        for container in containers(overlays.pod_template(workload)["spec"]):
            for variable in container.get("env") or []:
                for field, reference in (variable.get("valueFrom") or {}).items():
                    kind = {"configMapKeyRef": "ConfigMap", "secretKeyRef": "Secret"}.get(field, "")
                    has = made.get((kind, reference.get("name", "")))
                    if has is None or reference.get("optional") or reference["key"] in has:
                        continue
                    yield (
                        f"{title(workload)}, container {container['name']}: {variable['name']} is "
                        f"the key {reference['key']} of the {kind} {reference['name']}, which does "
                        "not have it: add it where the overlay generates that"
                    )


def targets(objects: list[Object], stage: str) -> Iterator[str]:
    """Require that the ports of a Service lead to ports of the pods that it selects."""
    for each in of(objects, "Service"):
        for port in each["spec"].get("ports", []):
            for workload in reach.selected(each, objects):
                if not reach.target(port, workload):
                    yield (
                        f"{title(each)} leads to the port {port['targetPort']}, which the pods of "
                        f"{title(workload)} do not have: name it in `ports` of their container"
                    )
