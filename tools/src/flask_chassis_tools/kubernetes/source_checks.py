"""Checks that all containers of the service's image have the settings that the service has."""

from collections.abc import Callable, Iterator
from typing import Any

from flask_chassis import settings

from flask_chassis_tools.kubernetes import flows, overlays, prerequisites
from flask_chassis_tools.kubernetes.config_maps import HASHED
from flask_chassis_tools.kubernetes.kubectl import Object
from flask_chassis_tools.kubernetes.object_checks import is_own, of, title, workloads
from flask_chassis_tools.kubernetes.pod_checks import prepares, served
from flask_chassis_tools.kubernetes.prerequisites import containers
from flask_chassis_tools.kubernetes.settings_checks import own_containers


def required(objects: list[Object], stage: str) -> Iterator[str]:
    """Require a source for every required setting.

    The service's own may be keys of its Secret, which cluster.prerequisites lists and
    cluster.deploy requires. What the service has from elsewhere, all others need from there too;
    those that prepare the database need no more than that.
    """
    wanted = settings.required_in(f"{stage}.kubernetes")
    serving = _serving(objects)
    elsewhere = {key for key in wanted if serving and _has(key, *serving, objects)}
    for workload in workloads(objects):
        for container in filter(is_own, containers(overlays.pod_template(workload)["spec"])):
            for key in wanted:
                if prepares(workload, container) and not key.startswith("database."):
                    continue
                if _has(key, workload, container, objects):
                    continue
                if serving and prerequisites.agent_supplies(key, [serving[0]]):
                    how = (
                        f"give its pods the annotations and the volume of {title(serving[0])}, and "
                        f"in {flows.FILE} the flow to vault"
                    )
                elif key in elsewhere:
                    how = f"give it the `env` of the container {flows.SERVICE}"
                elif not prerequisites.reads_own_secret(container):
                    how = (
                        f"set {settings.variable_for(key)} in the settings.env of the overlay, or "
                        f"read the Secret {prerequisites.own_secret()} (envFrom)"
                    )
                else:
                    continue
                yield (
                    f"{title(workload)}, container {container['name']}: {key} is required, but "
                    f"nothing supplies it: {how}"
                )


def _serving(objects: list[Object]) -> tuple[Object, Any] | None:
    """Return the Deployment that all others are compared with, and its container."""
    for workload, _, container in served(objects):
        if workload["metadata"]["name"] == overlays.name():
            return workload, container
    return None


def _has(key: str, workload: Object, container: Any, objects: list[Object]) -> bool:
    # The Vault agent supplies the pods that it is in, and no others.
    return prerequisites.is_supplied(key, container, [*of(objects, "ConfigMap"), workload])


def sources(objects: list[Object], stage: str) -> Iterator[str]:
    """Require that all containers of the image have the settings of the service: `envFrom`."""
    serving = _serving(objects)
    if serving is None:
        return
    wanted = _from_config_maps(serving[1], objects, only=_is_of_all)
    for where, container in own_containers(objects):
        found = _from_config_maps(container, objects)
        set_here = {variable["name"] for variable in container.get("env") or []}
        has_job_settings = job_settings() in _names(container, "configMapRef")
        # A ConfigMap of the container's own may set another value.
        differ = [
            name
            for name, value in sorted(wanted.items())
            if name not in set_here
            and (name not in found or (has_job_settings and found[name] != value))
        ]
        if differ and has_job_settings:
            yield (
                f"{where}: the ConfigMap {job_settings()} does not have {', '.join(differ)} as the "
                "service has it: add to `configMapGenerator` of the overlay's kustomization.yaml "
                f"`{{name: {job_settings()}, behavior: merge, envs: [settings.env], options: "
                "{disableNameSuffixHash: true}}`"
            )
        elif differ:
            yield (
                f"{where}: it does not have {', '.join(differ)}, which the service has: give it "
                f"the `envFrom` of the container {flows.SERVICE}; in a Job, whose pods cannot "
                f"change, {job_settings()} takes the place of {overlays.name()}-settings"
            )
        own = prerequisites.own_secret()
        if prerequisites.reads_own_secret(serving[1]) and not prerequisites.reads_own_secret(
            container
        ):
            yield (
                f"{where}: it does not read the Secret {own} (envFrom), so that required settings "
                f"of this service's own do not reach it: give it the `envFrom` of the container "
                f"{flows.SERVICE}"
            )


def job_settings() -> str:
    """Return the name of the ConfigMap with the settings for Jobs, which is always the same."""
    return f"{overlays.name()}-job-settings"


def _names(container: Any, reference: str) -> set[str]:
    sources = [source.get(reference, {}).get("name") for source in container.get("envFrom") or []]
    return {name for name in sources if name}


def _is_of_all(config_map: str) -> bool:
    """Return whether a ConfigMap is for all containers of the image: others are for one."""
    hashed = HASHED.fullmatch(config_map)
    name = hashed["name"] if hashed else config_map
    return name in (f"{overlays.name()}-environment", f"{overlays.name()}-settings")


def _from_config_maps(
    container: Any, objects: list[Object], only: Callable[[str], bool] = bool
) -> dict[str, str]:
    """Return the variables that a container has from ConfigMaps of the manifests."""
    made = {each["metadata"]["name"]: each.get("data") or {} for each in of(objects, "ConfigMap")}
    found: dict[str, str] = {}
    for source in container.get("envFrom") or []:
        name = source.get("configMapRef", {}).get("name", "")
        if only(name):
            found |= made.get(name, {})
    return found
