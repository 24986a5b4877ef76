"""Measures what the template renders."""

import subprocess

from invoke import Context, Exit, task

from .folders import PROGRAMS, ROOT
from .test import install_tools


@task
def bench(context: Context) -> None:
    """Measure what requests cost with little data and with much; two minutes, on this machine."""
    install_tools()
    # A process of its own: what it imports may only just have been installed.
    done = subprocess.run([PROGRAMS / "python", "-m", "benchmarks"], cwd=ROOT)
    if done.returncode:
        raise Exit(code=done.returncode)
