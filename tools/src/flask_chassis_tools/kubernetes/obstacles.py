"""Says what keeps pods from running, as the cluster's objects report it.

Read from the status of pods, Deployments and Jobs, and from their events:
https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from flask_chassis_tools.kubernetes.kubectl import Object

STARTING = frozenset({"ContainerCreating", "PodInitializing", ""})
"""Reasons of containers that wait for nothing but their turn."""

LASTING = frozenset(
    {
        "CreateContainerConfigError",
        "CreateContainerError",
        "ErrImageNeverPull",
        "ErrImagePull",
        "ImagePullBackOff",
        "InvalidImageName",
        "RunContainerError",
    }
)
"""Reasons that somebody has to correct: an image that is not there, a key that a Secret lacks."""

CRASHES = "CrashLoopBackOff"


@dataclass(frozen=True)
class Obstacle:
    """What keeps a pod from running. `where` is its container, or the object that creates it.

    `restarts` is how often a container that crashes was started again, in its `pod`.
    """

    where: str
    reason: str
    message: str
    pod: str = field(default="", compare=False)
    restarts: int = field(default=0, compare=False)

    @property
    def is_lasting(self) -> bool:
        """Whether it needs somebody to correct it."""
        return self.reason in LASTING

    def __str__(self) -> str:
        """Return a line for an operator."""
        return f"{self.where}: {self.reason}{f': {self.message}' if self.message else ''}"


def of_pod(pod: Object) -> Iterator[Obstacle]:
    """Yield what keeps a pod from running."""
    status = pod.get("status", {})
    if status.get("phase") == "Failed":
        message = _line(status.get("message")) or ", ".join(_ends(status))
        yield Obstacle("pod", status.get("reason", "Failed"), message)
        return
    for condition in status.get("conditions", []):
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            yield Obstacle("pod", condition.get("reason", ""), _line(condition.get("message")))
    for kind in ("initContainerStatuses", "containerStatuses"):
        for container in status.get(kind, []):
            yield from _of_container(container, pod["metadata"]["name"])


def _ends(status: Any) -> Iterator[str]:
    for container in status.get("initContainerStatuses", []) + status.get("containerStatuses", []):
        ended = container.get("state", {}).get("terminated", {})
        if ended.get("exitCode"):
            yield (
                f"container {container['name']} ended with exit code {ended['exitCode']} "
                f"({ended.get('reason')})"
            )


def _of_container(container: Any, pod: str) -> Iterator[Obstacle]:
    where = f"container {container['name']}"
    waiting = container.get("state", {}).get("waiting", {})
    reason = waiting.get("reason", "")
    if reason == CRASHES:
        ended = container.get("lastState", {}).get("terminated", {})
        said = f"it ended with exit code {ended.get('exitCode')} ({ended.get('reason')})"
        restarts = container.get("restartCount", 0)
        yield Obstacle(where, reason, said if ended else "", pod, restarts)
    elif reason not in STARTING:
        yield Obstacle(where, reason, _line(waiting.get("message")))


def of_deployment(deployment: Object) -> Iterator[Obstacle]:
    """Yield why a Deployment's pods are not created: a quota, or an admission that refuses them."""
    for condition in deployment.get("status", {}).get("conditions", []):
        if condition["type"] == "ReplicaFailure" and condition["status"] == "True":
            reason = condition.get("reason", "FailedCreate")
            yield Obstacle("pods", reason, _line(condition.get("message")))


def of_events(events: Iterable[Object]) -> Iterator[Obstacle]:
    """Yield what an object's events say that it could not create."""
    for event in events:
        if event.get("type") == "Warning" and event.get("reason") == "FailedCreate":
            yield Obstacle("pods", "FailedCreate", _line(event.get("message")))


def _line(text: object) -> str:
    return " ".join(str(text or "").split())
