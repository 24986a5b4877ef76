"""Test what `cluster.deploy` says while it waits, and when it waits no longer.

The states are those that a Kubernetes 1.36 reported.
"""

import json
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest

from flask_chassis_tools.kubernetes import obstacles, overlays, watch

from ..conftest import Run
from .cluster import Cluster, deploy, migration
from .manifests import STAGE, written
from .recorded_answers import recorded

pytestmark = pytest.mark.parametrize("kind", ["resource"])

NOT_READY = {"availableReplicas": 1}

NO_IMAGE = 'container service: ImagePullBackOff: Back-off pulling image "registry.invalid/x:v9"'
NO_KEY = "container service: CreateContainerConfigError: couldn't find key absent in Secret"
NO_ROOM = "pod: Unschedulable: 0/2 nodes are available: 2 Insufficient memory."
OUT_OF_MEMORY = "container service: CrashLoopBackOff: it ended with exit code 137 (OOMKilled)"


def pod(container: dict[str, Any], kind: str = "containerStatuses") -> dict[str, Any]:
    """Return a pod with the status of a container."""
    return {
        "metadata": {"name": "new"},
        "status": {"phase": "Pending", kind: [{"name": "service", **container}]},
    }


def waiting(reason: str, message: str = "") -> dict[str, Any]:
    """Return the state of a container that waits."""
    return {"state": {"waiting": {"reason": reason, "message": message}}}


def of_init(pod: dict[str, Any]) -> dict[str, Any]:
    """Return a pod whose init container has the state."""
    status = pod["status"]
    return pod | {"status": status | {"initContainerStatuses": status.pop("containerStatuses")}}


@pytest.mark.parametrize(
    ("new", "said"),
    [
        (recorded("image-pull"), NO_IMAGE),
        (recorded("image-name"), "container service: InvalidImageName"),
        (of_init(recorded("missing-key")), NO_KEY),
    ],
    ids=["image", "name", "key"],
)
def test_what_does_not_mend_itself_ends_the_wait(
    run: Run, cluster: Cluster, new: dict[str, Any], said: str
) -> None:
    cluster.tell(status=NOT_READY, new_pods=[new])
    failed = deploy(run)
    assert failed.code == 1
    assert said in failed.out
    assert f"The rollout of {overlays.name()} did not finish, 1 of 2 new pods are ready: " in (
        failed.error
    )
    assert said in failed.error
    # The logs are those of the new pods.
    assert "what it said before" in failed.out
    assert failed.out.count("pod-template-hash=new") == 2


@pytest.mark.parametrize(
    ("story", "said"),
    [
        ({"new_pods": [recorded("unschedulable")]}, NO_ROOM),
        ({"new_pods": [recorded("out-of-memory")]}, OUT_OF_MEMORY),
        (
            {"status": NOT_READY | {"conditions": recorded("quota")["status"]["conditions"]}},
            'pods: FailedCreate: pods "quota-7c5b54494b-zqj7c" is forbidden: exceeded quota: full',
        ),
    ],
    ids=["no room", "crash", "quota"],
)
def test_what_may_mend_itself_is_said_once_and_waited_for(
    run: Run,
    cluster: Cluster,
    story: dict[str, Any],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A slow machine asks only once in a real second.
    asked = count()
    monkeypatch.setattr(watch, "time", SimpleNamespace(monotonic=lambda: next(asked) / 32))
    cluster.tell(**({"status": NOT_READY} | story))
    failed = deploy(run, "--timeout=1")
    assert failed.code == 1
    assert failed.out.count(said) == 1
    # A sign of life, again and again.
    assert failed.out.count("  1 of 2 new pods are ready (") > 2
    assert "not within 1 s" in failed.error


def test_the_version_before_is_named_only_where_one_runs(run: Run, cluster: Cluster) -> None:
    cluster.tell(status=NOT_READY)
    failed = deploy(run, "--timeout=0")
    assert failed.code == 1
    assert "previous version" not in failed.error
    # Its pods serve now.
    failed = deploy(run, "--timeout=0")
    assert failed.code == 1
    assert "Pods of the previous version serve" in failed.error
    assert "cluster.rollback" in failed.error


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ({"observedGeneration": -1}, "the rollout has not begun"),
        ({"updatedReplicas": 1}, "1 of 2 new pods are created"),
        ({"replicas": 3}, "1 pods of the version before are still there"),
    ],
)
def test_a_rollout_is_complete_when_only_new_pods_are_there(
    run: Run, cluster: Cluster, status: dict[str, Any], said: str
) -> None:
    cluster.tell(status=status)
    failed = deploy(run, "--timeout=0")
    assert failed.code == 1
    assert f"did not finish, {said}: not within 0 s" in failed.error


def given_up(at: str) -> dict[str, Any]:
    """Return the status of a rollout that took longer than the cluster waits."""
    over = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}
    return NOT_READY | {"conditions": [over | {"lastUpdateTime": at}]}


def test_the_deadline_of_the_cluster_ends_the_wait(run: Run, cluster: Cluster) -> None:
    cluster.tell(first=NOT_READY, status=given_up("2026-11-29T12:15:00Z"))
    failed = deploy(run)
    assert failed.code == 1
    assert "progressDeadlineSeconds" in failed.error


def test_the_deadline_of_the_rollout_before_does_not(run: Run, cluster: Cluster) -> None:
    cluster.tell(first=given_up("2026-11-29T12:00:00Z"))
    done = deploy(run)
    assert (done.code, done.error) == (0, "")
    cluster.tell(first=given_up("2026-11-29T12:00:00Z"))
    done = run("cluster.rollback", f"--stage={STAGE}")
    assert (done.code, done.error) == (0, "")


def test_a_rollback_that_does_not_finish_advises_no_rollback(run: Run, cluster: Cluster) -> None:
    assert deploy(run).code == 0
    cluster.tell(status=NOT_READY)
    failed = run("cluster.rollback", f"--stage={STAGE}", "--timeout=0")
    assert failed.code == 1
    assert "did not finish, 1 of 2 new pods are ready" in failed.error
    assert "cluster.rollback" not in failed.error


def test_a_cluster_that_is_silent_for_a_moment_is_asked_again(run: Run, cluster: Cluster) -> None:
    cluster.tell(silent=3)
    done = deploy(run)
    assert (done.code, done.error) == (0, "")
    assert done.out.count("cluster: no answer: kubectl get deployment") == 1
    assert "TLS handshake timeout" in done.out


def test_a_cluster_that_stays_silent_ends_the_wait(run: Run, cluster: Cluster) -> None:
    cluster.tell(silent=1000)
    failed = deploy(run, "--timeout=1")
    assert failed.code == 1
    assert "TLS handshake timeout" in failed.error


def test_the_minimum_of_the_autoscaler_is_waited_for(run: Run, cluster: Cluster) -> None:
    cluster.tell(replicas=1, pods=["one"])
    done = deploy(run)
    assert (done.code, done.error) == (0, "")
    assert "Fewer than 2 pods are ready, the minimum of the autoscaler." in done.out
    assert "runs in 1 pod of production" in done.out


@pytest.mark.parametrize(
    ("story", "said"),
    [
        (
            {"fault": 'pods "one" is forbidden: User "ci" cannot create pods/portforward'},
            "The version of pod one is not known: port-forward is forbidden.",
        ),
        ({"gone": True}, "Pod one has ended."),
    ],
    ids=["forbidden", "gone"],
)
def test_a_pod_that_cannot_be_asked_is_no_failure(
    run: Run, cluster: Cluster, story: dict[str, Any], said: str
) -> None:
    cluster.tell(version=None, **story)
    done = deploy(run)
    assert (done.code, done.error) == (0, "")
    assert said in done.out
    assert "is rolled out; which version its pods run is not known." in done.out


def test_a_migration_that_cannot_start_says_why(run: Run, cluster: Cluster) -> None:
    cluster.tell(job="Running", job_pods=[recorded("image-pull")])
    failed = deploy(run)
    assert failed.code == 1
    assert f"{migration()}: {NO_IMAGE}" in failed.error
    assert f"deployment/{overlays.name()}" not in cluster.kept


def test_a_migration_that_was_killed_says_how_it_ended(run: Run, cluster: Cluster) -> None:
    """Its pods are not restarted: others are made."""
    _, ended = recorded("failed-job")
    cluster.tell(job="Failed", job_pods=[ended, ended])
    failed = deploy(run)
    assert failed.code == 1
    said = "container service ended with exit code 3 (Error)"
    assert f"it failed, pod: Failed: {said}. Nothing was rolled out." in failed.error


def test_a_lasting_obstacle_that_takes_turns_with_a_crash_ends_the_wait(
    monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """As a command that is not in the image does."""
    now = iter(range(0, 1000, 10))
    monkeypatch.setattr(watch, "time", SimpleNamespace(monotonic=lambda: next(now)))
    waiting_for = watch.Watch(600)
    turns = [
        obstacles.Obstacle("container service", reason, "no such file")
        for reason in ("RunContainerError", "CrashLoopBackOff")
    ]
    monkeypatch.setattr(watch, "LASTING_SECONDS", 60)
    said = [waiting_for.look([turns[number % 2]], "") for number in range(8)]
    assert said[0] == ""
    assert said[-1] == "container service: RunContainerError: no such file"
    # A crash alone may mend itself, for some time.
    waiting_for = watch.Watch(600)
    assert {waiting_for.look([turns[1]], "") for _ in range(8)} == {""}


def test_a_container_that_crashes_again_and_again_ends_the_wait(kind: str) -> None:
    """The init container does, where the password of the database is wrong."""

    def pods(*restarts: int) -> list[obstacles.Obstacle]:
        found = []
        for number, restarts_of_pod in enumerate(restarts):
            crashing = of_init(recorded("crash"))
            crashing["metadata"]["name"] = f"new-{number}"
            [container] = crashing["status"]["initContainerStatuses"]
            container["restartCount"] = restarts_of_pod
            found += obstacles.of_pod(crashing)
        return found

    said = "container service: CrashLoopBackOff: it ended with exit code 3 (Error)"
    waiting_for = watch.Watch(600)
    assert waiting_for.look(pods(0, 2), "") == ""
    assert waiting_for.look(pods(1, 3), "") == ""
    assert waiting_for.look(pods(2, 4), "") == f"{said}, after 4 restarts"
    # Who deploys once more has mended the cause: the pods are the same, and have a last chance.
    waiting_for = watch.Watch(600)
    assert waiting_for.look(pods(2, 4), "") == ""
    assert waiting_for.look(pods(2, 5), "") == f"{said}, after 5 restarts"


def test_a_migration_without_pods_says_what_its_events_say(run: Run, cluster: Cluster) -> None:
    normal = {"type": "Normal", "reason": "SuccessfulCreate"}
    cluster.tell(job="Running", events=[*recorded("insecure"), normal])
    failed = deploy(run, "--timeout=1")
    assert failed.code == 1
    assert failed.out.count('is forbidden: violates PodSecurity "restricted:latest"') == 1
    assert f"--namespace={STAGE} get events" in (cluster.folder / "asked.txt").read_text()


def test_a_container_that_just_starts_is_no_obstacle(kind: str) -> None:
    for reason in ("ContainerCreating", "PodInitializing"):
        assert list(obstacles.of_pod(pod(waiting(reason)))) == []
    assert list(obstacles.of_pod(pod({"state": {"running": {}}}))) == []


@pytest.mark.parametrize("component", ["service", "worker"])
def test_a_canary_or_worker_that_does_not_start_fails_the_deployment(
    run: Run, cluster: Cluster, component: str
) -> None:
    """It is a Deployment of the service's image as well."""
    text = (cluster.folder / "objects.txt").read_text()
    service = next(each for each in written() if each["kind"] == "Deployment")
    canary = json.loads(json.dumps(service))
    canary["metadata"]["name"] = f"{overlays.name()}-canary"
    canary["metadata"]["labels"]["app.kubernetes.io/component"] = component
    (cluster.folder / "objects.txt").write_text(f"{text}\n---\n{json.dumps(canary)}")
    cluster.tell(statuses={canary["metadata"]["name"]: NOT_READY})
    failed = deploy(run, "--timeout=0")
    assert failed.code == 1
    assert f"The rollout of {overlays.name()}-canary did not finish" in failed.error
    # A rollback would return from the version that runs well.
    assert "cluster.rollback" not in failed.error
    assert f"The pods of {overlays.name()} run the new version." in failed.error


def test_who_may_not_list_them_deploys_all_the_same(run: Run, cluster: Cluster) -> None:
    cluster.tell(forbidden=True)
    done = deploy(run)
    assert done.code == 0
    assert "What is no longer in the manifests is not known. kubectl get deployments," in done.out
    cluster.tell(forbidden=True, status=NOT_READY)
    failed = deploy(run, "--timeout=0")
    assert "1 of 2 new pods are ready: not within 0 s" in failed.error
