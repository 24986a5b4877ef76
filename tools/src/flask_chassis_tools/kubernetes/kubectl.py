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
        """Return an object or a list of objects; None if it does not exist."""
        done = self.ask("get", *words, "--ignore-not-found", "--output=json")
        if done.returncode:
            raise Exit(f"kubectl get {' '.join(words)}: {done.stderr.strip()}", 1)
        found: Object | None = json.loads(done.stdout) if done.stdout.strip() else None
        return found

    def pods(self, labels: Mapping[str, str]) -> list[Object]:
        """Return the pods with these labels that are not terminating."""
        selector = ",".join(f"{key}={value}" for key, value in labels.items())
        found = self.get("pods", f"--selector={selector}") or {}
        return [pod for pod in found["items"] if "deletionTimestamp" not in pod["metadata"]]


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
