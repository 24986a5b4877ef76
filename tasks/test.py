"""Runs the tests of this repository."""

import os
import subprocess
from collections.abc import Sequence

from invoke import Context, Exit, task

from .folders import PROGRAMS, ROOT

QUICK = ("tests/hooks", "tests/quick")
GATE = ("tests/updates",)


@task(
    help={
        "quick": "Only those that need no installed service: under two minutes",
        "gate": "Only those that update services from earlier releases",
        "select": "Only the tests whose name matches, as pytest's -k",
    }
)
def test(context: Context, quick: bool = False, gate: bool = False, select: str = "") -> None:
    """Run the tests. What this machine cannot run is listed at the end, each with the reason."""
    install_tools()
    chosen = [*(QUICK if quick else ()), *(GATE if gate else ())] or ["tests"]
    words = ["-rs", *(["-k", select] if select else []), *chosen]
    if code := _run(["pytest", *words]):
        raise Exit(code=code)


def install_tools() -> None:
    """Install what tests and locking need besides, hash-checked, where it is not there yet."""
    wanted = (ROOT / "requirements-dev.txt").read_text("utf-8")
    installed = ROOT / ".venv" / "dev-made-for"
    if installed.is_file() and installed.read_text("utf-8") == wanted:
        return
    print("Installing the test tools, once", flush=True)
    _run(["pip", "install", "-qq", "--require-hashes", "-r", "requirements-dev.txt"], check=True)
    installed.write_text(wanted, "utf-8")


def _run(words: Sequence[str], *, check: bool = False) -> int:
    """Run a program of .venv in the repository's folder."""
    path = f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"
    command = [str(PROGRAMS / words[0]), *words[1:]]
    environment = os.environ | {"PATH": path}
    return subprocess.run(command, cwd=ROOT, env=environment, check=check).returncode
