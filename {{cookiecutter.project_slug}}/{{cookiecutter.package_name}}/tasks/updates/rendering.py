"""Has the template rendered, by a program in an environment that has Cookiecutter."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from . import processes
from .faults import UpdateError

RENDERER = Path(__file__).with_name("renderer.py")


@dataclass(frozen=True)
class Job:
    """One render."""

    template: str
    address: str
    commit: str
    answers: Mapping[str, Any]
    into: str
    ask: bool = False


@dataclass(frozen=True)
class Rendered:
    """A service, as the template makes it."""

    folder: Path
    context: Mapping[str, Any]
    new: Mapping[str, Any]
    """The answers to questions that nobody was asked before."""


def render(
    python: Path, folder: Path, jobs: Sequence[Job], compiled: Path | None = None
) -> list[Rendered]:
    """Render, with an interpreter that has Cookiecutter; `folder` is for what lies between.

    `compiled` is a folder for what Jinja has compiled, where other renders may use it, too.
    """
    file = folder / "jobs.json"
    file.write_text(json.dumps([asdict(job) for job in jobs]), encoding="utf-8")
    asks = any(job.ask for job in jobs)
    done = processes.run(
        [python, "-P", RENDERER, file, compiled or folder / "compiled"],
        asks=asks,
        stdout=None if asks else subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    if done.returncode:
        raise UpdateError(
            f"The template cannot be rendered: {done.stderr.strip()[-2000:]}\n"
            "Where it is an answer that will not do: template.update --answer=name=value"
        )
    answers = json.loads(file.with_suffix(".done.json").read_text(encoding="utf-8"))
    return [
        Rendered(Path(job.into), answer["context"], answer["new"])
        for job, answer in zip(jobs, answers, strict=True)
    ]
