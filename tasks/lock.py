"""Locks the versions: the services' in a poetry.lock of each kind, and this repository's own."""

import re
import shutil
import subprocess
import tempfile
import tomllib
from pathlib import Path

from invoke import Context, task

from .folders import PROGRAMS, ROOT, TEMPLATE
from .render import kinds, render
from .test import install_tools

BESIDE = (
    *(TEMPLATE / "infra" / name for name in ("safety", "scanners", "template")),
    *sorted(path.parent for path in (ROOT / "benchmarks" / "variants").glob("*/pyproject.toml")),
)
"""Environments beside the service's own, each with its versions."""

SOURCE = "{{ cookiecutter.__lock_source }}"
"""Stands after each package: where it comes from, if not from the public index."""

EXTRAS = re.compile(r"\[[\w,-]+\]")
"""Of a package, as in `uvicorn[standard]`."""

HASH = re.compile(r'^content-hash = ".*"$', re.MULTILINE)


@task(help={"update": "Take the newest versions that pyproject.toml admits"})
def lock(context: Context, update: bool = False) -> None:
    """Write the poetry.lock of each kind, and this repository's own with its requirements files."""
    install_tools()
    words = ["lock", *(["--regenerate"] if update else [])]
    _poetry(*words, folder=ROOT)
    _poetry("export", "--output", "requirements.txt", folder=ROOT)
    _poetry("export", "--only", "dev", "--output", "requirements-dev.txt", folder=ROOT)
    for beside in BESIDE:
        if update or not are_locked(beside):
            _lock_beside(beside)
    for kind in kinds():
        with tempfile.TemporaryDirectory() as folder:
            service = render(Path(folder), {"kind": kind})
            _poetry(*words, folder=service)
            locked = (service / "poetry.lock").read_text("utf-8")
        (TEMPLATE / "parts" / kind / "poetry.lock").write_text(as_template(locked), "utf-8")


def are_locked(folder: Path) -> bool:
    """Whether requirements have the versions that the pyproject.toml beside them names."""
    wanted = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))
    locked = folder / "requirements.txt"
    words = locked.read_text("utf-8").split() if locked.is_file() else []
    pins = {EXTRAS.sub("", word) for word in words}
    return {EXTRAS.sub("", pin) for pin in wanted["project"]["dependencies"]} <= pins


def _lock_beside(beside: Path) -> None:
    """Write requirements; nobody has a use for the poetry.lock behind them."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(beside / "pyproject.toml", folder)
        _poetry("lock", folder=Path(folder))
        _poetry("export", "--output", "requirements.txt", folder=Path(folder))
        shutil.copy(Path(folder) / "requirements.txt", beside)


def as_template(locked: str) -> str:
    """Turn a service's lock into the template's: what the answers decide is left open."""
    first, *others = locked.split("\n\n[[package]]")
    packages = f"\n{SOURCE}\n[[package]]".join(others)
    packages = packages.replace("\n\n[extras]", f"\n{SOURCE}\n[extras]")
    return HASH.sub('content-hash = ""', f"{first}\n\n[[package]]{packages}")


def _poetry(*words: str, folder: Path) -> None:
    """Run Poetry. POETRY_PYPI_MIRROR_URL names an index that speaks pip's protocol only."""
    subprocess.run([PROGRAMS / "poetry", *words], cwd=folder, check=True)
