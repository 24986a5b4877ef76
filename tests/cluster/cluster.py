"""A real cluster that a context of the kubeconfig names, and what its pods do."""

import json
import shlex
import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from tests.conftest import EXAMPLES

Object = dict[str, Any]

OWN = "flask-microservice-template.tests"
"""The label of the namespaces that the tests have made, and may delete."""

STAGE, DATA, EDGE = "acme-staging", "acme-data", "acme-edge"
"""The namespaces of the services, of their database server, and of who calls them."""

SECONDS = 300


@dataclass(frozen=True)
class Cluster:
    """A cluster, and the command that puts an image on all of its nodes."""

    context: str
    load: str

    def ask(self, *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
        """Run kubectl, whether it succeeds or not."""
        return subprocess.run(
            ["kubectl", f"--context={self.context}", *words],
            input=given,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )

    def kubectl(self, *words: str, given: str = "") -> str:
        """Run kubectl, which must succeed, and return what it prints."""
        done = self.ask(*words, given=given)
        assert done.returncode == 0, f"kubectl {words}:\n{done.stdout}{done.stderr}"
        return done.stdout

    def apply(self, *objects: Object) -> None:
        """Create objects, or change them."""
        self.kubectl("apply", "--filename=-", given=as_list(objects))

    def refused(self, *words: str, objects: Iterable[Object] | None = None) -> str:
        """Run kubectl, which must fail, and return its error."""
        done = self.ask(*words, given=as_list(objects) if objects is not None else "")
        assert done.returncode != 0, f"kubectl {words} succeeded: {done.stdout}"
        return done.stderr

    def get(
        self, kind: str, selector: str = "", namespace: str = STAGE, name: str = ""
    ) -> list[Object]:
        """Return the objects of a kind: all, those with labels, or the one of a name."""
        chosen = [f"--selector={selector}"] if selector else []
        chosen += [f"--field-selector=metadata.name={name}"] if name else []
        text = self.kubectl("get", kind, *chosen, f"--namespace={namespace}", "--output=json")
        found: list[Object] = json.loads(text)["items"]
        return found

    def put(self, image: str) -> None:
        """Put an image of this machine's engine on the nodes."""
        words = shlex.split(self.load.format(image=image))
        done = subprocess.run(words, capture_output=True, text=True, timeout=SECONDS)
        assert done.returncode == 0, f"{words}:\n{done.stdout}{done.stderr}"

    def pods(self, service: str) -> list[Object]:
        """Return the pods of a service that are neither ending nor ended."""
        label = f"app.kubernetes.io/name={service},app.kubernetes.io/component=service"
        return [
            pod
            for pod in self.get("pods", label)
            if "deletionTimestamp" not in pod["metadata"]
            and pod["status"]["phase"] in ("Pending", "Running")
        ]

    def nodes(self) -> list[str]:
        """Return the nodes that take pods."""
        return [
            node["metadata"]["name"]
            for node in self.get("nodes")
            if not node["spec"].get("unschedulable")
            and not any(taint["effect"] != "PreferNoSchedule" for taint in taints(node))
        ]

    def require_free(self) -> None:
        """Delete what earlier runs have left; fail where a namespace is somebody else's."""
        for name in (STAGE, DATA, EDGE):
            done = self.ask("get", "namespace", name, "--output=json")
            if done.returncode:
                assert "not found" in done.stderr, done.stderr
                continue
            labels = json.loads(done.stdout)["metadata"].get("labels", {})
            assert OWN in labels, (
                f"The namespace {name} of {self.context} is not one of these tests, which break "
                "what runs there. Use a cluster that is made for tests."
            )
            self.kubectl("delete", "namespace", name)
        label = f"app.kubernetes.io/name in ({', '.join(EXAMPLES.values())})"
        found = self.kubectl(
            "get", "pods", "--all-namespaces", f"--selector={label}", "--output=name"
        )
        assert not found, (
            f"{self.context} has pods of {', '.join(EXAMPLES.values())} in other namespaces, which "
            "these tests would drain: " + found
        )


def as_list(objects: Iterable[Object]) -> str:
    """Return objects as a file for kubectl."""
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})


def taints(node: Object) -> list[Object]:
    """Return what keeps pods from a node."""
    found: list[Object] = node["spec"].get("taints", [])
    return found


def ready(pod: Object) -> bool:
    """Return whether a pod is ready."""
    conditions = pod["status"].get("conditions", [])
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def until(is_so: Callable[[], object], what: str, seconds: float = 120) -> None:
    """Wait until something is so in the cluster."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(1)
