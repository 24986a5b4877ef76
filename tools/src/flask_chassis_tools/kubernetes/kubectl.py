"""Runs kubectl on a namespace of a cluster."""

import json
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from invoke import Exit

HOW_TO_GET_IT = "Install kubectl: https://kubernetes.io/docs/tasks/tools/."

Object = dict[str, Any]
"""A Kubernetes object."""


ANSWER = ("--request-timeout=30s",)
"""An option for questions: without it, kubectl waits for ever for a cluster that is silent."""


class KubectlError(Exit):
    """A question that was not answered."""

    @property
    def is_forbidden(self) -> bool:
        """Whether the user lacks the permission; otherwise the cluster may answer next time."""
        return "forbidden" in str(self.message).lower()


@dataclass(frozen=True)
class Kubectl:
    """A namespace of the cluster that a context in the kubeconfig names."""

    namespace: str
    context: str = ""

    def words(self, *words: str) -> list[str]:
        """Return a complete command."""
        where = [f"--context={self.context}"] if self.context else []
        return [program(), *where, f"--namespace={self.namespace}", *words]

    def ask(
        self, *words: str, objects: Iterable[Object] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command and return its output, whether it succeeds or not."""
        text = _as_list(objects)
        return subprocess.run(self.words(*words), input=text, capture_output=True, text=True)

    def show(self, *words: str, objects: Iterable[Object] | None = None) -> None:
        """Run a command with its output shown; Exit if it fails."""
        print(f"$ kubectl {' '.join(words)}", flush=True)
        text = _as_list(objects)
        done = subprocess.run(self.words(*words), input=text, text=True)
        if done.returncode:
            raise Exit(f"kubectl {' '.join(words)} failed. See its output above.", 1)

    def get(self, *words: str) -> Object | None:
        """Return an object or a list of objects; None if it does not exist.

        Raises KubectlError if the cluster does not say.
        """
        done = self.ask("get", *words, *ANSWER, "--ignore-not-found", "--output=json")
        if done.returncode:
            raise KubectlError(f"kubectl get {' '.join(words)}: {done.stderr.strip()}", 1)
        found: Object | None = json.loads(done.stdout) if done.stdout.strip() else None
        return found

    def labelled(self, kinds: str, labels: Mapping[str, str]) -> list[Object]:
        """Return the objects of some kinds, separated by commas, with these labels."""
        selector = ",".join(f"{key}={value}" for key, value in labels.items())
        return self.all_of(kinds, f"--selector={selector}")

    def all_of(self, kinds: str, *words: str) -> list[Object]:
        """Return all objects of some kinds, separated by commas."""
        found = self.get(kinds, *words) or {"items": []}
        items: list[Object] = found["items"]
        return items

    def events(self, kind: str, name: str) -> list[Object]:
        """Return the events of an object; none if the user may not read them."""
        of = f"--field-selector=involvedObject.kind={kind},involvedObject.name={name}"
        done = self.ask("get", "events", of, *ANSWER, "--output=json")
        found: list[Object] = json.loads(done.stdout)["items"] if not done.returncode else []
        return found


def _as_list(objects: Iterable[Object] | None) -> str | None:
    """Return objects as JSON for the standard input of a command."""
    if objects is None:
        return None
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})


def program() -> str:
    """Return the path of kubectl; Exit if it is not installed."""
    found = shutil.which("kubectl")
    if not found:
        raise Exit(f"kubectl not found. {HOW_TO_GET_IT}", 1)
    return found
