"""Steps that a release of the template has for the services: `updates/v1.2.0.py` in the template.

Such a file may have `answers(answers)`, which maps answers that have a new name or value, and
`files(folder)`, which changes what a merge cannot: it gets the service's files before they are
merged, so that it never meets a conflict, and what it changes is locked. Both may run again on what
they have changed, and answers may be missing.
"""

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from . import processes, releases
from .faults import UpdateError

FOLDER = "updates"
MIGRATOR = Path(__file__).with_name("migrator.py")


def between(template: Path, after: str | None, until: str) -> list[Path]:
    """Return the steps from one version to another, in order."""
    files = {path.stem: path for path in (template / FOLDER).glob("v*.py")}
    return [files[version] for version in releases.between(files, after, until)]


def map_answers(python: Path, steps: Sequence[Path], answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answers as the new version calls them."""
    mapped = dict(answers)
    for step in steps:
        mapped = json.loads(_run(python, step, "answers", json.dumps(mapped)))
    return mapped


def change_files(python: Path, steps: Sequence[Path], folder: Path) -> None:
    """Have each step change the service's files."""
    for step in steps:
        _run(python, step, "files", str(folder))


def _run(python: Path, step: Path, what: str, given: str) -> str:
    words: list[str | Path] = [python, "-P", MIGRATOR, step, what]
    done = processes.run(
        words, given=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    if done.returncode:
        raise UpdateError(
            f"The step {FOLDER}/{step.name} of the template failed: {done.stderr.strip()[-2000:]}"
        )
    return str(done.stdout)
