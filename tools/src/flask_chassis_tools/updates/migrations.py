"""Runs the migration steps of a release of the template: `updates/v1.2.0.py` in the template.

A step may define `answers(answers)`, which maps answers to new names or values, and
`files(folder)`, which changes files in ways that a merge cannot. `files` gets the service's files
before the merge, so it never sees conflicts. Both must be idempotent and accept missing answers.
"""

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from . import processes, releases
from .faults import UpdateError
from .scripts import script

FOLDER = "updates"
MIGRATOR = "migrator.py"


def between(template: Path, after: str | None, until: str) -> list[Path]:
    """Return the steps between two versions, in order."""
    files = {path.stem: path for path in (template / FOLDER).glob("v*.py")}
    return [files[version] for version in releases.between(files, after, until)]


Environment = Mapping[str, str] | None
"""The environment of a program; None stands for this process's."""


def map_answers(
    python: Path,
    steps: Sequence[Path],
    answers: Mapping[str, Any],
    environment: Environment = None,
) -> dict[str, Any]:
    """Return the answers with the names and values of the new version."""
    mapped = dict(answers)
    for step in steps:
        mapped = json.loads(_run(python, step, "answers", json.dumps(mapped), environment))
    return mapped


def change_files(
    python: Path, steps: Sequence[Path], folder: Path, environment: Environment = None
) -> None:
    """Run each step on the service's files."""
    for step in steps:
        _run(python, step, "files", str(folder), environment)


def _run(python: Path, step: Path, what: str, given: str, environment: Environment) -> str:
    with script(MIGRATOR) as program:
        words: list[str | Path] = [python, "-P", program, step, what]
        done = processes.run(
            words,
            given=given,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    if done.returncode:
        raise UpdateError(
            f"The step {FOLDER}/{step.name} of the template failed: {done.stderr.strip()[-2000:]}"
        )
    return str(done.stdout)
