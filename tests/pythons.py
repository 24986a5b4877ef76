"""The Pythons of this machine, among those that services are offered."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

from tasks.folders import ROOT
from tests.full.programs import TookTooLongError, run, succeeds

VERSIONS: list[str] = json.loads((ROOT / "cookiecutter.json").read_text("utf-8"))["python_version"]


def candidates(version: str) -> Iterator[Path]:
    """Yield what may be an interpreter of a version: on the PATH, or kept by pyenv."""
    for name in (f"python{version}", "python3"):
        if found := shutil.which(name):
            yield Path(found)
    if shutil.which("pyenv"):
        kept = Path(succeeds(["pyenv", "root"], ROOT).strip()) / "versions"
        yield from sorted(kept.glob(f"{version}.*/bin/python{version}"))


def version_of(python: Path) -> str:
    """Return what an interpreter says that it is; nothing where it does not run."""
    words = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        return run([python, "-c", words], ROOT).stdout.strip()
    except (OSError, TookTooLongError):
        return ""


def python_of(version: str) -> Path | None:
    """Return an interpreter of a version, if there is one."""
    return next((each for each in candidates(version) if version_of(each) == version), None)
