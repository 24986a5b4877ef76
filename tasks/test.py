"""Runs the tests of this repository."""

import os
import subprocess
from collections.abc import Sequence

from invoke import Context, Exit, task

from .folders import PROGRAMS, ROOT

TOOLS = ROOT / ".cache" / "kubernetes" / "bin"
"""Where `.ci/install-kubernetes-tools` puts kubectl and kustomize."""

QUICK = ("tests/hooks", "tests/quick")


@task(
    help={
        "quick": "Only those that need no installed service: under two minutes",
        "select": "Only the tests whose name matches, as pytest's -k",
    }
)
def test(context: Context, quick: bool = False, select: str = "") -> None:
    """Run the tests. What this machine cannot run is listed at the end, each with the reason."""
    install_tools()
    words = ["-rs", *(["-k", select] if select else []), *(QUICK if quick else ("tests",))]
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
    """Run a program of .venv in the repository's folder; what is brought for tests is found."""
    path = os.pathsep.join([str(PROGRAMS), str(TOOLS), os.environ["PATH"]])
    command = [str(PROGRAMS / words[0]), *words[1:]]
    environment = os.environ | {"PATH": path}
    return subprocess.run(command, cwd=ROOT, env=environment, check=check).returncode
