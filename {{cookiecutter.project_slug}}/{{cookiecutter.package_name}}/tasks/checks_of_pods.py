"""Whether pods are what the service's image needs, and may be what a cluster admits."""

from collections.abc import Iterator
from typing import Any

from . import flows, overlays, quantities, uwsgi_config
from .checks_of_objects import labels, title, workloads
from .kubectl import Object
from .prerequisites import containers

OTHERS_MIB = 120
"""What uWSGI's master and the process that serves the metrics take."""

WANTED = ("cpu", "memory", "ephemeral-storage")

PATHS = ("/health/live", "/health/ready")


def each_container(objects: list[Object]) -> Iterator[tuple[str, Any, Any]]:
    """Yield all containers, each with a title and its pod."""
    for workload in workloads(objects):
        pod = workload["spec"]["template"]["spec"]
        for container in containers(pod):
            yield f"{title(workload)}, container {container['name']}", container, pod


def is_own(container: Any) -> bool:
    """Return whether a container runs the service's image."""
    path = str(container["image"]).partition("@")[0].rpartition("/")[2]
    return path.partition(":")[0] == overlays.name()


def served(objects: list[Object]) -> Iterator[tuple[Object, Any, Any]]:
    """Yield what serves: the object, its pod and its container."""
    for workload in workloads(objects):
        if labels(workload).get(flows.COMPONENT) == flows.SERVICE:
            pod = workload["spec"]["template"]["spec"]
            yield workload, pod, pod["containers"][0]


def images(objects: list[Object], stage: str) -> Iterator[str]:
    """Every image has a tag that does not move, and the service's has the same everywhere."""
    tags = set()
    for where, container, _ in each_container(objects):
        name, _, tag = str(container["image"]).partition("@")[0].rpartition(":")
        if not name or "/" in tag or tag == "latest":
            yield f"{where}: the image {container['image']} has no tag that stays what it is"
        elif is_own(container) and "canary" not in where:
            tags.add(tag)
    if len(tags) > 1:
        yield f"the migration and the service are of different versions: {', '.join(sorted(tags))}"


def privileges(objects: list[Object], stage: str) -> Iterator[str]:
    """Pods are as the pod security standard "restricted" wants them, and more."""
    for where, container, pod in each_container(objects):
        inside, outside = container.get("securityContext", {}), pod.get("securityContext", {})
        wanted = {
            "runs as root": outside.get("runAsNonRoot") is True and outside.get("runAsUser", 0) > 0,
            "has no seccomp profile": outside.get("seccompProfile", {}).get("type")
            == "RuntimeDefault",
            "may gain privileges": inside.get("allowPrivilegeEscalation") is False,
            "keeps capabilities": inside.get("capabilities") == {"drop": ["ALL"]},
            "can write to its image": inside.get("readOnlyRootFilesystem") is True,
            "has a token of the cluster": pod.get("automountServiceAccountToken") is False,
            "gets variables from service links": pod.get("enableServiceLinks") is False,
            "has nowhere to write: no /tmp": _writes_to(container, pod) >= {"/tmp"},  # noqa: S108
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
    """What serves is asked where it answers; a restart waits longer than a request may take."""
    for workload, _, container in served(objects):
        where = title(workload)
        for name, path in (("startup", 0), ("liveness", 0), ("readiness", 1)):
            asked = container.get(f"{name}Probe", {}).get("httpGet", {})
            if asked.get("path") != PATHS[path] or asked.get("port") != "http":
                yield f"{where}: the {name} probe does not ask {PATHS[path]} at http"
        patience = _patience(container.get("livenessProbe", {}))
        if patience <= uwsgi_config.number("harakiri"):
            yield f"{where}: the liveness probe gives up after {patience} s, before harakiri"


def _patience(probe: Any) -> int:
    return int(probe.get("periodSeconds", 10) * probe.get("failureThreshold", 3))


def ends(objects: list[Object], stage: str) -> Iterator[str]:
    """A pod serves on until nobody calls it, and then has the time that requests may take."""
    drain = max(uwsgi_config.number("harakiri"), uwsgi_config.number("worker-reload-mercy"))
    for workload, pod, container in served(objects):
        sleep = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        grace = pod.get("terminationGracePeriodSeconds", 30)
        if not sleep:
            yield f"{title(workload)}: no preStop, so requests are lost in a roll-out"
        if grace <= sleep + drain:
            yield (
                f"{title(workload)}: terminationGracePeriodSeconds is {grace}, and preStop with "
                f"what uWSGI gives to requests takes {sleep} + {drain}"
            )


def resources(objects: list[Object], stage: str) -> Iterator[str]:
    """What serves may use what uWSGI lets its workers use."""
    workers, rss = uwsgi_config.number("workers"), uwsgi_config.number("reload-on-rss")
    needed = (workers * rss + OTHERS_MIB) * uwsgi_config.MEBIBYTE
    for workload, _, container in served(objects):
        limit = container.get("resources", {}).get("limits", {}).get("memory", "0")
        try:
            is_enough = quantities.amount(limit) >= needed
        except ValueError:
            continue  # amounts() says so
        if not is_enough:
            yield (
                f"{title(workload)}: the limit of memory, {limit}, is less than {workers} workers "
                f"of {rss} MiB each and {OTHERS_MIB} MiB for the others"
            )


def amounts(objects: list[Object], stage: str) -> Iterator[str]:
    """Every container asks for what it needs, and may not have less than that."""
    for where, container, _ in each_container(objects):
        found = container.get("resources", {})
        for name in WANTED:
            pair = []
            for kind in ("requests", "limits"):
                try:
                    pair.append(quantities.amount(found[kind][name]))
                except KeyError:
                    yield f"{where}: {kind} say nothing of {name}"
                except ValueError as error:
                    yield f"{where}: {kind}: {error}"
            if len(pair) == 2 and pair[0] > pair[1]:
                yield f"{where}: it requests more {name} than its limit"
