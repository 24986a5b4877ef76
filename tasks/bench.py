"""Measures what the template renders."""

import subprocess

from invoke import Context, Exit, task

from .folders import PROGRAMS, ROOT
from .test import install_tools


@task(
    help={
        "quick": "Compare with another commit, in less than three minutes: did anything get slower",
        "against": "The other commit; by default HEAD where files have changed, else HEAD~1",
        "template": "Measure rendering, the demo, the tests and the image instead",
    }
)
def bench(context: Context, quick: bool = False, against: str = "", template: bool = False) -> None:
    """Measure the rendered service beside what else could have been written; twelve minutes."""
    install_tools()
    words = ["template"] if template else []
    if quick or against:
        words = ["quick", against or _other_commit()]
    # A process of its own: what it imports may only just have been installed.
    done = subprocess.run([PROGRAMS / "python", "-m", "benchmarks", *words], cwd=ROOT)
    if done.returncode:
        raise Exit(code=done.returncode)


def _other_commit() -> str:
    changed = subprocess.run(["git", "diff", "--quiet", "HEAD"], cwd=ROOT).returncode
    return "HEAD" if changed else "HEAD~1"
