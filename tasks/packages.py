"""Environments in which the tests of chassis and tools run: one for each Python, in .cache."""

import fcntl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .folders import ROOT

FOLDERS = {"chassis": ROOT / "chassis", "tools": ROOT / "tools"}

ENVIRONMENTS = ROOT / ".cache" / "packages"

REQUIREMENTS = ROOT / "requirements-packages.txt"
"""What both packages need with all their extras, and their tests: written by `./invoke lock`."""


def environment(version: str, python: Path) -> Path:
    """Return the environment for a version of Python, made with this one if it is not there yet.

    Both packages are in it as they stand in their folders: an edit needs no other installation.
    """
    folder = ENVIRONMENTS / version
    with _alone(version):
        made_for = folder / "made-for"
        # An environment is of no use without the interpreter that it was made with.
        is_usable = made_for.is_file() and (folder / "bin" / "python").exists()
        if not (is_usable and made_for.read_text("utf-8") == _wanted()):
            words: list[str | Path] = [python, "-m", "venv", "--clear", "--without-pip", folder]
            subprocess.run(words, check=True)
            install = ROOT / "tasks" / "install"
            subprocess.run([install, REQUIREMENTS, folder], cwd=ROOT, check=True)
            subprocess.run([install, "--editable", folder, *FOLDERS.values()], cwd=ROOT, check=True)
            made_for.write_text(_wanted(), "utf-8")
    return folder


def _wanted() -> str:
    """Return what an environment follows from: editable code is not among it, its metadata is."""
    files = (REQUIREMENTS, *(folder / "pyproject.toml" for folder in FOLDERS.values()))
    return "\n".join(file.read_text("utf-8") for file in files)


@contextmanager
def _alone(version: str) -> Iterator[None]:
    """Keep out the other processes that want the same environment."""
    ENVIRONMENTS.mkdir(parents=True, exist_ok=True)
    with (ENVIRONMENTS / f"{version}.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
