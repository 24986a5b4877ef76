"""Renders the template with a program in an environment that has Cookiecutter."""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from . import processes
from .faults import UpdateError
from .scripts import script

RENDERER = "renderer.py"


@dataclass(frozen=True)
class Job:
    """The parameters of one render."""

    template: str
    address: str
    commit: str
    answers: Mapping[str, Any]
    into: str
    ask: bool = False


@dataclass(frozen=True)
class Rendered:
    """A rendered service."""

    folder: Path
    context: Mapping[str, Any]
    new: Mapping[str, Any]
    """The answers to new questions."""


def render(
    python: Path,
    folder: Path,
    jobs: Sequence[Job],
    *,
    environment: Mapping[str, str] | None = None,
) -> list[Rendered]:
    """Run jobs with an interpreter that has Cookiecutter; `folder` is for temporary files.

    `environment` is that of the program, by default this process's.
    """
    # Compiling Jinja templates takes longer than the rest, and renders share nearly all of them:
    # the interpreter's environment keeps them.
    kept = python.parent.parent
    compiled = (kept if os.access(kept, os.W_OK) else folder) / "compiled"
    file = folder / "jobs.json"
    file.write_text(json.dumps([asdict(job) for job in jobs]), encoding="utf-8")
    asks = any(job.ask for job in jobs)
    with script(RENDERER) as program:
        done = processes.run(
            [python, "-P", program, file, compiled],
            asks=asks,
            env=environment,
            stdout=None if asks else subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    if done.returncode:
        raise UpdateError(
            f"Rendering the template failed: {done.stderr.strip()[-2000:]}\n"
            "If an answer is not valid, change it: template.update --answer=name=value"
        )
    answers = json.loads(file.with_suffix(".done.json").read_text(encoding="utf-8"))
    return [
        Rendered(Path(job.into), answer["context"], answer["new"])
        for job, answer in zip(jobs, answers, strict=True)
    ]
