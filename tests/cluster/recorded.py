"""Answers of a real API server, which the tests of the tools use where no cluster is there."""

import json
import re
from pathlib import Path
from typing import Any

from tasks.folders import ROOT
from tests.cluster.cluster import Object

FOLDER = ROOT / "tools" / "tests" / "kubernetes" / "recorded"

READ = {
    *("kind", "metadata", "name", "involvedObject"),
    *("status", "phase", "conditions", "type", "reason", "message"),
    *("replicas", "updatedReplicas", "availableReplicas", "readyReplicas", "unavailableReplicas"),
    *("initContainerStatuses", "containerStatuses", "state", "lastState", "waiting", "running"),
    *("terminated", "exitCode", "restartCount"),
}
"""The fields that are recorded: what the tools read, and nothing that names this cluster alone."""

DECISIVE = READ - {"message", "name", "restartCount"}
"""The fields whose values count when answers are compared."""

OWN = (
    (re.compile(r"\{.*\}"), "{…}"),  # a whole object, in the error about a field that cannot change
    (re.compile(r" on [\d.]+:\d+(?=: no such host)"), ""),
    (re.compile(r"(?<=\()[0-9a-f-]{36}(?=\))"), "…"),
)
"""What is another one in each cluster, in texts, and what takes its place."""


def trimmed(answer: Any) -> Any:
    """Return the parts of an answer that are recorded."""
    if isinstance(answer, list):
        return [trimmed(each) for each in answer]
    if isinstance(answer, dict):
        return {name: trimmed(answer[name]) for name in answer if name in READ}
    return normal(answer) if isinstance(answer, str) else answer


def normal(text: str) -> str:
    """Return a text of kubectl, or of an object, without what names this cluster alone."""
    for pattern, instead in OWN:
        text = pattern.sub(instead, text)
    return text


def essence(answer: Any) -> Any:
    """Return what the tools decide by: reasons, phases and exit codes, but no texts."""
    if isinstance(answer, list):
        return [essence(each) for each in answer]
    if isinstance(answer, dict):
        return {name: essence(value) for name, value in answer.items() if name in DECISIVE}
    return answer


def read(name: str) -> Any:
    """Return an answer that was recorded."""
    return json.loads(path_of(name).read_text("utf-8"))


def write(name: str, answer: Object | list[Object] | dict[str, str]) -> None:
    """Record an answer."""
    FOLDER.mkdir(exist_ok=True)
    text = json.dumps(answer, indent=2, sort_keys=True, ensure_ascii=False)
    path_of(name).write_text(f"{text}\n", "utf-8")


def path_of(name: str) -> Path:
    """Return the file of an answer."""
    return FOLDER / f"{name}.json"
