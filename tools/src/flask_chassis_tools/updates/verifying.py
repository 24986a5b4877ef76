"""Runs the service's checks and tests on an update before it is applied."""

import os
import tomllib
from pathlib import Path

from . import credentials, processes

INSTALLED_BY = ("pyproject.toml", "poetry.lock")


def verify(merged: Path, service: Path, programs: Path) -> list[str]:
    """Return what failed; `merged` is the folder with the updated service."""
    if not _borrows_environment(merged, service):
        path = f"{programs}{os.pathsep}{os.environ.get('PATH', '')}"
        if _fails(["./bootstrap"], merged, {"PATH": path}):
            return ["the service cannot be installed"]
    # A borrowed environment would import the package from the service's folder.
    variables = {"PYTHONPATH": str(merged)}
    command = str(merged / ".venv" / "bin" / _command(merged))
    steps = {
        "checks failed": [command, "check", "--all"],
        "tests failed": [command, "tests"],
    }
    return [what for what, words in steps.items() if _fails(words, merged, variables)]


def _borrows_environment(merged: Path, service: Path) -> bool:
    """Use the service's environment if the update does not change its dependencies."""
    same = all(_content(merged / name) == _content(service / name) for name in INSTALLED_BY)
    made = (service / ".venv" / "made-for").is_file()
    if same and made:
        (merged / ".venv").symlink_to(service / ".venv")
    return same and made


def _content(file: Path) -> bytes | None:
    """Return the content of a file, or None if it does not exist."""
    return file.read_bytes() if file.is_file() else None


def _command(folder: Path) -> str:
    """Return the name of the service's command."""
    pyproject = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    names: list[str] = [*pyproject["project"]["scripts"]]
    return next(name for name in names if name.endswith("-tasks"))


def _fails(words: list[str], folder: Path, variables: dict[str, str]) -> bool:
    print(f"$ {' '.join(words)}", flush=True)
    # The service's own code has no use for the login of the template.
    without = {key: value for key, value in os.environ.items() if key != credentials.TOKEN}
    return processes.run(words, cwd=folder, env=without | variables).returncode != 0
