"""Checks that pods suit the service's image and pass the cluster's admission."""

from collections.abc import Iterator
from typing import Any

from flask_chassis.tasks import uwsgi_config

from flask_chassis_tools.kubernetes import flows, overlays, quantities
from flask_chassis_tools.kubernetes.kubectl import Object
from flask_chassis_tools.kubernetes.object_checks import is_own, labels, title, workloads
from flask_chassis_tools.kubernetes.prerequisites import containers

OTHERS_MIB = 120
"""The memory of uWSGI's master and of the process that serves the metrics."""

WANTED = ("cpu", "memory", "ephemeral-storage")

TRACK, CANARY = "track", "canary"

PROBES = {
    "startup": ("/health/live", "http"),
    "liveness": ("/health/live", "metrics"),
    "readiness": ("/health/ready", "http"),
}
"""Path and port of each probe. Liveness is asked beside the workers, who may all be busy."""


def each_container(objects: list[Object]) -> Iterator[tuple[str, Any, Any]]:
    """Yield all containers, each with a title and its pod."""
    for workload in workloads(objects):
        pod = overlays.pod_template(workload)["spec"]
        for container in containers(pod):
            yield f"{title(workload)}, container {container['name']}", container, pod


def prepares(workload: Object, container: Any) -> bool:
    """Return whether a container migrates the database, or waits for that."""
    is_first = container not in overlays.pod_template(workload)["spec"]["containers"]
    return is_first or labels(workload).get(flows.COMPONENT) == "migration"


def served(objects: list[Object]) -> Iterator[tuple[Object, Any, Any]]:
    """Yield the workloads that serve requests, each with its pod and its container."""
    for workload in workloads(objects):
        if labels(workload).get(flows.COMPONENT) == flows.SERVICE:
            pod = overlays.pod_template(workload)["spec"]
            yield workload, pod, pod["containers"][0]


def images(objects: list[Object], stage: str) -> Iterator[str]:
    """Require a fixed tag for every image, and for the service's the same one, and one place."""
    tags = set()
    repository, tag_of_stage = _repository_and_tag(
        overlays.one(objects, "Deployment", overlays.name())["spec"]["template"]["spec"]
    )
    for workload in workloads(objects):
        pod = overlays.pod_template(workload)["spec"]
        for container in containers(pod):
            where = f"{title(workload)}, container {container['name']}"
            image = str(container["image"])
            name, _, tag = image.partition("@")[0].rpartition(":")
            if not name or "/" in tag or tag == "latest":
                yield (
                    f"{where}: the image {image} has no fixed tag: name it in `images` of the "
                    "overlay's kustomization.yaml, with newName and newTag"
                )
            elif is_own(container):
                if labels(workload).get(TRACK) != CANARY:
                    tags.add(tag)
                if name != repository:
                    yield (
                        f"{where}: the image {image} is not of {repository}, as the others of the "
                        f"stage are: add `{{name: {name}, newName: {repository}, newTag: "
                        f"{tag_of_stage}}}` to `images` of the overlay's kustomization.yaml"
                    )
    if len(tags) > 1:
        found = ", ".join(sorted(tags))
        yield f"the service, its migration and its jobs have different versions: {found}"


def _repository_and_tag(pod: Any) -> tuple[str, str]:
    name, _, tag = str(pod["containers"][0]["image"]).partition("@")[0].rpartition(":")
    return name, tag


def privileges(objects: list[Object], stage: str) -> Iterator[str]:
    """Require more than the pod security standard "restricted"."""
    for where, container, pod in each_container(objects):
        inside, outside = container.get("securityContext", {}), pod.get("securityContext", {})
        wanted = {
            "runs as root": outside.get("runAsNonRoot") is True and outside.get("runAsUser", 0) > 0,
            "has no seccomp profile": outside.get("seccompProfile", {}).get("type")
            == "RuntimeDefault",
            "may gain privileges": inside.get("allowPrivilegeEscalation") is False,
            "keeps capabilities": inside.get("capabilities") == {"drop": ["ALL"]},
            "can write to its image": inside.get("readOnlyRootFilesystem") is True,
            "mounts a service account token": pod.get("automountServiceAccountToken") is False,
            "gets variables from service links": pod.get("enableServiceLinks") is False,
            "has no writable /tmp": _writes_to(container, pod) >= {"/tmp"},  # noqa: S108
        }
        yield from (f"{where}: {fault}" for fault, is_right in wanted.items() if not is_right)


def _writes_to(container: Any, pod: Any) -> set[str]:
    empty = {volume["name"] for volume in pod.get("volumes", []) if "emptyDir" in volume}
    return {
        mount["mountPath"]
        for mount in container.get("volumeMounts", [])
        if mount["name"] in empty and not mount.get("readOnly")
    }


def probes(objects: list[Object], stage: str) -> Iterator[str]:
    """Require the right probes, and that a restart waits longer than the longest request."""
    for workload, _, container in served(objects):
        where = title(workload)
        for name, (path, port) in PROBES.items():
            asked = container.get(f"{name}Probe", {}).get("httpGet", {})
            if asked.get("path") != path or asked.get("port") != port:
                yield f"{where}: the {name} probe does not request {path} at the port {port}"
        patience = _patience(container.get("livenessProbe", {}))
        if patience <= uwsgi_config.number("harakiri"):
            yield f"{where}: the liveness probe fails after {patience} s, before harakiri"


def _patience(probe: Any) -> int:
    return int(probe.get("periodSeconds", 10) * probe.get("failureThreshold", 3))


def ends(objects: list[Object], stage: str) -> Iterator[str]:
    """Require connection draining: a preStop hook, and time for the longest request."""
    drain = max(uwsgi_config.number("harakiri"), uwsgi_config.number("worker-reload-mercy"))
    for workload, pod, container in served(objects):
        sleep = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        grace = pod.get("terminationGracePeriodSeconds", 30)
        if not sleep:
            yield f"{title(workload)}: no preStop hook, so a rollout drops requests"
        if grace <= sleep + drain:
            yield (
                f"{title(workload)}: terminationGracePeriodSeconds is {grace}, but preStop and the "
                f"longest request take {sleep} + {drain}"
            )


def resources(objects: list[Object], stage: str) -> Iterator[str]:
    """Require a memory limit that is enough for uWSGI's workers."""
    workers, rss = uwsgi_config.number("workers"), uwsgi_config.number("reload-on-rss")
    needed = (workers * rss + OTHERS_MIB) * uwsgi_config.MEBIBYTE
    for workload, _, container in served(objects):
        limit = container.get("resources", {}).get("limits", {}).get("memory", "0")
        try:
            is_enough = quantities.amount(limit) >= needed
        except ValueError:
            continue  # amounts() reports it
        if not is_enough:
            yield (
                f"{title(workload)}: the memory limit {limit} is less than {workers} workers of "
                f"{rss} MiB each and {OTHERS_MIB} MiB for the other processes"
            )


def amounts(objects: list[Object], stage: str) -> Iterator[str]:
    """Require resource requests and limits of every container."""
    for where, container, _ in each_container(objects):
        found = container.get("resources", {})
        for name in WANTED:
            pair = []
            for kind in ("requests", "limits"):
                try:
                    pair.append(quantities.amount(found[kind][name]))
                except KeyError:
                    yield f"{where}: {kind} lack {name}"
                except ValueError as error:
                    yield f"{where}: {kind}: {error}"
            if len(pair) == 2 and pair[0] > pair[1]:
                yield f"{where}: the request of {name} is higher than the limit"
