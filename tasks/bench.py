"""Measures what the template renders."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from invoke import Context, Exit, task

from .folders import PROGRAMS, ROOT
from .test import install_tools


@task(
    help={
        "quick": "Compare with another commit, in less than three minutes: did anything get slower",
        "against": "The other commit; by default HEAD where files have changed, else HEAD~1",
        "rounds": "Rounds of the whole run; fewer than 5 are for a look, and go to .cache/bench",
        "template": "Measure rendering, the demo, the tests and the image instead",
        "python": "The Python to measure on, by its path: one that is built with optimizations",
    }
)
def bench(
    context: Context,
    quick: bool = False,
    against: str = "",
    rounds: int = 5,
    template: bool = False,
    python: str = "",
) -> None:
    """Measure the rendered service beside what else could have been written; 20 minutes."""
    if rounds < 1:
        raise Exit(f"--rounds {rounds}: give 1 or more.", 1)
    install_tools()
    words = ["template"] if template else ["rounds", str(rounds)]
    if quick or against:
        words = ["quick", against or _other_commit()]
    # A process of its own: what it imports may only just have been installed.
    variables = os.environ | {"PYTHON": _interpreter(python)}
    command: list[str | Path] = [PROGRAMS / "python", "-m", "benchmarks", *words]
    done = subprocess.run(command, cwd=ROOT, env=variables)
    if done.returncode:
        raise Exit(code=done.returncode)


def _interpreter(given: str) -> str:
    """Return the path of the Python to measure on; Exit if it cannot be started."""
    if not given:
        return sys.executable
    found = shutil.which(given)
    if found is None:
        raise Exit(f"--python {given} is not a program. Give the path of a Python.", 1)
    return str(Path(found).absolute())


def _other_commit() -> str:
    changed = subprocess.run(["git", "diff", "--quiet", "HEAD"], cwd=ROOT).returncode
    return "HEAD" if changed else "HEAD~1"
