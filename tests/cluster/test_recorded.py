"""What the cluster answers is what the tests of the tools take it to answer.

`./invoke cluster-test --record` writes the answers of this cluster in the place of those that are
there: see tools/tests/kubernetes/test_recorded.py.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.cluster import recorded
from tests.cluster.cluster import EDGE, Cluster, Object

CONTAINER = {"name": "service", "imagePullPolicy": "IfNotPresent"}
FULL = "with open('/full/file', 'wb') as file: file.write(bytes(50_000_000))"
GREEDY = "bytearray(500_000_000)"

PODS: dict[str, Object] = {
    "image-pull": {"image": "registry.invalid/x:v9"},
    "image-name": {"image": "Not/a/Name:v9"},
    "missing-key": {
        "env": [
            {
                "name": "PASSWORD",
                "valueFrom": {"secretKeyRef": {"name": "partly", "key": "absent"}},
            }
        ]
    },
    "missing-secret": {"envFrom": [{"secretRef": {"name": "absent"}}]},
    "crash": {"command": ["python", "-c", "raise SystemExit(3)"]},
    "no-command": {"command": ["/no/such/command"]},
    "out-of-memory": {
        "command": ["python", "-c", GREEDY],
        "resources": {"limits": {"memory": "64Mi"}},
    },
    "unschedulable": {"resources": {"requests": {"memory": "9000Gi"}}},
    "evicted": {
        "command": ["sh", "-c", f'python -c "{FULL}"; sleep 600'],
        "volumeMounts": [{"name": "full", "mountPath": "/full"}],
    },
}
"""A container by the name of what keeps it from running."""

SETTLED: dict[str, str] = {
    "image-pull": "ImagePullBackOff",
    "image-name": "InvalidImageName",
    "missing-key": "CreateContainerConfigError",
    "missing-secret": "CreateContainerConfigError",
    "crash": "CrashLoopBackOff",
    "no-command": "RunContainerError",
    "out-of-memory": "CrashLoopBackOff",
    "unschedulable": "Unschedulable",
    "evicted": "Evicted",
}
"""A reason in the status of each; where several take turns, this is the one to record."""


def spec(image: str, container: Object, **more: object) -> Object:
    """Return a pod's specification."""
    volumes = [{"name": "full", "emptyDir": {"sizeLimit": "1Mi"}}]
    return {
        "terminationGracePeriodSeconds": 0,
        "containers": [CONTAINER | {"image": image} | container],
        "volumes": volumes,
        **more,
    }


def named(kind: str, name: str, **more: object) -> Object:
    """Return an object in the namespace of these tests."""
    version = {"Deployment": "apps/v1", "Job": "batch/v1"}.get(kind, "v1")
    metadata = {"name": name, "namespace": EDGE}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **more}


def job(name: str, pod: Object) -> Object:
    """Return a Job that does not try again."""
    template = {"spec": pod | {"restartPolicy": "Never"}}
    return named("Job", name, spec={"backoffLimit": 0, "template": template})


def answered(ask: Callable[[], Any], is_settled: Callable[[Any], bool]) -> Any:
    """Return an answer as soon as it is what it stays; fail with the last one otherwise."""
    deadline = time.monotonic() + 180
    while not is_settled(answer := ask()):
        assert time.monotonic() < deadline, answer
        time.sleep(0.3)
    return answer


@pytest.fixture(scope="module")
def hold(pytestconfig: pytest.Config) -> Callable[[str, Any], None]:
    """Compare an answer with the recorded one, or record it."""

    def compare(name: str, answer: Any) -> None:
        if pytestconfig.getoption("--record"):
            recorded.write(name, answer)
        known = recorded.read(name)
        assert recorded.essence(answer) == recorded.essence(known), (
            f"The cluster answers otherwise than {recorded.path_of(name)} says. If that is a newer "
            "Kubernetes, see what it means for the tools, and record: ./invoke cluster-test "
            "--record."
        )

    return compare


@pytest.fixture(scope="module")
def pods(cluster: Cluster, image: str) -> Iterator[None]:
    """Pods that cannot run, each for another reason."""
    cluster.apply(named("Secret", "partly", stringData={"present": "x"}))
    for name, container in PODS.items():
        cluster.apply(named("Pod", name, spec=spec(image, container)))
    yield
    cluster.kubectl("delete", "pods", *PODS, f"--namespace={EDGE}", "--now", "--wait=false")


@pytest.mark.usefixtures("pods")
@pytest.mark.parametrize("name", PODS)
def test_a_pod_that_cannot_run(
    cluster: Cluster, hold: Callable[[str, Any], None], name: str
) -> None:
    def ask() -> Any:
        [found] = cluster.get("pods", namespace=EDGE, name=name)
        return recorded.trimmed(found)

    hold(name, answered(ask, lambda pod: f"'reason': '{SETTLED[name]}'" in str(pod)))


def events(cluster: Cluster, name: str) -> list[Object]:
    """Return the warnings about a Job."""
    found = cluster.get("events", namespace=EDGE)
    return [
        recorded.trimmed(each) | {"metadata": {}}
        for each in found
        if each["involvedObject"]["name"] == name and each["type"] == "Warning"
    ]


def test_a_quota_that_is_used_up(
    cluster: Cluster, image: str, hold: Callable[[str, Any], None]
) -> None:
    pod = spec(image, {"command": ["sleep", "600"]})
    template = {"metadata": {"labels": {"app": "quota"}}, "spec": pod}
    selector = {"matchLabels": {"app": "quota"}}
    cluster.apply(named("ResourceQuota", "full", spec={"hard": {"pods": "0"}}))
    try:
        answered(
            lambda: cluster.get("resourcequotas", namespace=EDGE, name="full"),
            lambda found: "hard" in found[0].get("status", {}),
        )
        cluster.apply(
            named("Deployment", "quota", spec={"selector": selector, "template": template}),
            job("quota", pod),
        )

        def ask() -> Any:
            [found] = cluster.get("deployments", namespace=EDGE, name="quota")
            return recorded.trimmed(found)

        hold("quota", answered(ask, lambda found: "ReplicaFailure" in str(found)))
        warnings = answered(lambda: events(cluster, "quota"), bool)
        assert "exceeded quota" in warnings[0]["message"]
    finally:
        where = f"--namespace={EDGE}"
        cluster.kubectl("delete", "resourcequota/full", "deployment/quota", "job/quota", where)


def test_a_pod_that_the_pod_security_refuses(
    cluster: Cluster, image: str, hold: Callable[[str, Any], None]
) -> None:
    label = "pod-security.kubernetes.io/enforce"
    cluster.kubectl("label", "namespace", EDGE, f"{label}=restricted")
    try:
        cluster.apply(job("insecure", spec(image, {"command": ["sleep", "600"]})))
        hold("insecure", answered(lambda: events(cluster, "insecure")[:1], bool))
    finally:
        cluster.kubectl("label", "namespace", EDGE, f"{label}-")
        cluster.kubectl("delete", "job/insecure", f"--namespace={EDGE}")


def test_a_job_that_has_failed(
    cluster: Cluster, image: str, hold: Callable[[str, Any], None]
) -> None:
    pod = spec(image, {"command": ["python", "-c", "raise SystemExit(3)"]})
    failing = job("failing", pod)
    cluster.apply(failing)

    def ask() -> list[Object]:
        [found] = cluster.get("jobs", namespace=EDGE, name="failing")
        of_it = cluster.get("pods", "batch.kubernetes.io/job-name=failing", EDGE)
        return [recorded.trimmed(each) for each in (found, *of_it)]

    try:
        answer = answered(ask, lambda found: "'type': 'Failed'" in str(found[0]))
        answer[1]["metadata"]["name"] = "failing-x"  # ends with letters of its own
        hold("failed-job", answer)
        # Its pods cannot be changed.
        changed = job("failing", pod | {"terminationGracePeriodSeconds": 5})
        texts = {
            command[0]: recorded.normal(cluster.refused(*command, objects=[changed]))
            for command in (
                ("apply", "--dry-run=server", "--filename=-"),
                ("diff", "--filename=-"),
            )
        }
        assert all("field is immutable" in text for text in texts.values()), texts
        hold("immutable", texts)
    finally:
        cluster.kubectl("delete", "job/failing", f"--namespace={EDGE}")


def test_a_user_without_permissions(
    cluster: Cluster, image: str, hold: Callable[[str, Any], None]
) -> None:
    cluster.apply(named("Pod", "asked", spec=spec(image, {"command": ["sleep", "600"]})))
    where = f"--namespace={EDGE}"
    cluster.kubectl("wait", "--for=condition=Ready", "pod/asked", where, "--timeout=120s")
    nobody = (f"--as=system:serviceaccount:{EDGE}:default", where)
    try:
        texts = {
            " ".join(words): cluster.refused(*words, *nobody)
            for words in (
                ("port-forward", "pod/asked", ":8080"),
                ("get", "secret", "partly"),
                ("get", "replicasets"),
            )
        }
        assert all("forbidden" in text.lower() for text in texts.values()), texts
        hold("forbidden", texts)
    finally:
        cluster.kubectl("delete", "pod", "asked", where, "--now")
