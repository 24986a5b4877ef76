"""Test what is read from the answers of a real API server."""

import pytest

from flask_chassis_tools.kubernetes import obstacles
from flask_chassis_tools.kubernetes.deployment import condition
from flask_chassis_tools.kubernetes.kubectl import KubectlError

from .recorded_answers import FOLDER, recorded

PODS = {
    "image-pull": (
        'container service: ImagePullBackOff: Back-off pulling image "registry.invalid/x:v9"',
        True,
    ),
    "image-name": (
        'container service: InvalidImageName: Failed to apply default image tag "Not/a/Name:v9"',
        True,
    ),
    "missing-key": (
        "container service: CreateContainerConfigError: couldn't find key absent in Secret",
        True,
    ),
    "missing-secret": (
        'container service: CreateContainerConfigError: secret "absent" not found',
        True,
    ),
    "no-command": ("container service: RunContainerError: failed to create containerd task", True),
    "crash": ("container service: CrashLoopBackOff: it ended with exit code 3 (Error)", False),
    "out-of-memory": (
        "container service: CrashLoopBackOff: it ended with exit code 137 (OOMKilled)",
        False,
    ),
    "unschedulable": (
        "pod: Unschedulable: 0/2 nodes are available: 2 Insufficient memory.",
        False,
    ),
    "evicted": (
        'pod: Evicted: Usage of EmptyDir volume "full" exceeds the limit "1Mi".',
        False,
    ),
}
"""What is said of each pod, and whether somebody has to mend it."""


@pytest.mark.parametrize("name", PODS)
def test_what_keeps_a_pod_from_running(name: str) -> None:
    said, is_lasting = PODS[name]
    [found] = obstacles.of_pod(recorded(name))
    assert str(found).startswith(said)
    assert found.is_lasting == is_lasting


def test_a_quota_that_is_used_up() -> None:
    [found] = obstacles.of_deployment(recorded("quota"))
    assert str(found).startswith('pods: FailedCreate: pods "quota-')
    assert "is forbidden: exceeded quota: full, requested: pods=1" in str(found)


def test_a_pod_that_the_pod_security_refuses() -> None:
    [found] = obstacles.of_events(recorded("insecure"))
    assert "pods: FailedCreate: Error creating: pods" in str(found)
    assert 'violates PodSecurity "restricted:latest"' in str(found)


def test_a_job_that_has_failed() -> None:
    job, pod = recorded("failed-job")
    assert condition(job, "Failed")
    assert not condition(job, "Complete")
    [found] = obstacles.of_pod(pod)
    assert str(found) == "pod: Failed: container service ended with exit code 3 (Error)"


def test_an_answer_that_the_user_lacks_the_permission() -> None:
    texts = recorded("forbidden")
    assert len(texts) == 3
    for command, text in texts.items():
        assert KubectlError(f"kubectl {command}: {text}", 1).is_forbidden


def test_each_recorded_answer_is_judged() -> None:
    others = {"quota", "insecure", "failed-job", "forbidden", "immutable"}
    assert {path.stem for path in FOLDER.glob("*.json")} == PODS.keys() | others
