"""Calls kubectl, on one namespace of one cluster."""

import json
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from invoke import Exit

HOW_TO_GET_IT = "Install kubectl: https://kubernetes.io/docs/tasks/tools/."

Object = dict[str, Any]
"""An object of Kubernetes."""


@dataclass(frozen=True)
class Kubectl:
    """A namespace, of the cluster that a context of kubectl's configuration names."""

    namespace: str
    context: str = ""

    def words(self, *words: str) -> list[str]:
        """Return a whole command."""
        where = [f"--context={self.context}"] if self.context else []
        return [program(), *where, f"--namespace={self.namespace}", *words]

    def ask(
        self, *words: str, objects: Iterable[Object] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command and return what it says, whether it succeeds or not."""
        text = _as_list(objects)
        return subprocess.run(self.words(*words), input=text, capture_output=True, text=True)

    def show(self, *words: str, objects: Iterable[Object] | None = None) -> None:
        """Run a command before the user's eyes; it has to succeed."""
        print(f"$ kubectl {' '.join(words)}", flush=True)
        text = _as_list(objects)
        done = subprocess.run(self.words(*words), input=text, text=True)
        if done.returncode:
            raise Exit(f"kubectl {' '.join(words)} failed, as it says above.", 1)

    def get(self, *words: str) -> Object | None:
        """Return an object, or a list of them; None where there is none."""
        done = self.ask("get", *words, "--ignore-not-found", "--output=json")
        if done.returncode:
            raise Exit(f"kubectl get {' '.join(words)}: {done.stderr.strip()}", 1)
        found: Object | None = json.loads(done.stdout) if done.stdout.strip() else None
        return found

    def pods(self, labels: Mapping[str, str]) -> list[Object]:
        """Return the pods with these labels that are not about to end."""
        selector = ",".join(f"{key}={value}" for key, value in labels.items())
        found = self.get("pods", f"--selector={selector}") or {}
        return [pod for pod in found["items"] if "deletionTimestamp" not in pod["metadata"]]


def _as_list(objects: Iterable[Object] | None) -> str | None:
    """Return objects as a command reads them from its standard input."""
    if objects is None:
        return None
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})


def program() -> str:
    """Return the path of kubectl; Exit says where to get it."""
    found = shutil.which("kubectl")
    if not found:
        raise Exit(f"There is no kubectl here. {HOW_TO_GET_IT}", 1)
    return found
