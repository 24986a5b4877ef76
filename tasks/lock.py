"""Locks the versions: the services' in a poetry.lock of each kind, and this repository's own."""

import os
import re
import shutil
import subprocess
import tempfile
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from invoke import Context, task
from packaging.version import Version

from . import installers, reserved_names
from .folders import PROGRAMS, ROOT, TEMPLATE
from .packages import FOLDERS, REQUIREMENTS
from .render import kinds, render
from .test import install_tools

BESIDE = (
    *(
        ROOT / "tools/src/flask_chassis_tools/environments" / name
        for name in ("client", "safety", "scanners", "template")
    ),
    ROOT / "docs" / "site",
    *sorted(path.parent for path in (ROOT / "benchmarks" / "variants").glob("*/pyproject.toml")),
)
"""Environments beside the service's own, each with its versions."""

SOURCE = "{{ cookiecutter.__lock_source }}"
"""Stands after each package: where it comes from, if not from the public index."""

FROM_INDEX_OR_VENDOR = """
[package.source]
{% if cookiecutter.internal_index %}type = "legacy"
url = "{{ cookiecutter.internal_index.rstrip('/') }}"
reference = "{{ cookiecutter.organisation }}"
{% else %}type = "file"
url = "FILE"
{% endif %}"""
"""Where the chassis comes from: the internal index, if the service has one, or its own vendor/."""

VENDORED = re.compile(r'\n\[package\.source\]\ntype = "file"\nurl = "(vendor/[^"]+)"\Z')

OWN_PACKAGE = re.compile(
    r'^\[\[package\]\]\nname = "flask-chassis.*\n'
    r"(?:(?!\[\[package\]\]|\[extras\]|\[metadata\]).*\n)*",
    re.MULTILINE,
)
"""The part of a lock about chassis or tools."""

EXTRAS = re.compile(r"\[[\w,-]+\]")
"""Of a package, as in `uvicorn[standard]`."""

PINNED = re.compile(r'^name = "(.+)"\nversion = "(.+)"$', re.MULTILINE)
"""The name and the version of each package of a lock."""

HASH = re.compile(r'^content-hash = ".*"$', re.MULTILINE)


@task(help={"update": "Take the newest versions that pyproject.toml admits"})
def lock(context: Context, update: bool = False) -> None:
    """Write the poetry.lock of each kind, and what follows; this repository's requirements."""
    install_tools()
    words = ["lock", *(["--regenerate"] if update else [])]
    _poetry(*words, folder=ROOT)
    _poetry("export", "--output", "requirements.txt", folder=ROOT)
    _poetry("export", "--only", "dev", "--output", "requirements-dev.txt", folder=ROOT)
    installers.write(update=update)
    for beside in BESIDE:
        if update or not are_locked(beside):
            _lock_beside(beside)
    for kind in kinds():
        _lock_kind(kind, *words)
    # A package that only one kind needed until now is locked in its newest version there.
    for kind, behind in older(reserved_names.locks_of_kinds()).items():
        _lock_kind(kind, "update", "--lock", *behind)
    reserved_names.write()
    _lock_packages(update)


def _lock_kind(kind: str, *words: str) -> None:
    """Write the lock of a kind, as Poetry does with these words in a service that is rendered."""
    with tempfile.TemporaryDirectory() as folder:
        service = render(Path(folder), {"kind": kind})
        file = service / "poetry.lock"
        file.write_text(without_own_packages(file.read_text("utf-8")), "utf-8")
        _poetry(*words, folder=service)
        locked = file.read_text("utf-8")
    (TEMPLATE / "parts" / kind / "poetry.lock").write_text(as_template(locked), "utf-8")


def older(locks: Mapping[str, str]) -> dict[str, list[str]]:
    """Return, by kind, the packages that another kind has in a newer version."""
    versions = {
        kind: {name: Version(version) for name, version in PINNED.findall(lock)}
        for kind, lock in locks.items()
    }
    newest: dict[str, Version] = {}
    for own in versions.values():
        for name, version in own.items():
            newest[name] = max(version, newest.get(name, version))
    behind = {
        kind: sorted(name for name, version in own.items() if version < newest[name])
        for kind, own in versions.items()
    }
    return {kind: names for kind, names in behind.items() if names}


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


def _lock_packages(update: bool) -> None:
    """Write what the tests of chassis and tools need, in the versions that services have."""
    with tempfile.TemporaryDirectory() as folder:
        wanted, pinned = Path(folder) / "wanted.in", Path(folder) / "pinned.txt"
        wanted.write_text("\n".join(for_packages(*_projects())), "utf-8")
        pinned.write_text("\n".join(pins(reserved_names.locks())), "utf-8")
        words = ["--universal", "--python-version=3.11", "--generate-hashes", "--quiet"]
        words += ["--no-header", "--no-annotate", f"--constraints={pinned}"]
        if index := os.environ.get("POETRY_PYPI_MIRROR_URL"):
            words.append(f"--default-index={index}")
        if update:
            words.append("--upgrade")
        words += [f"--output-file={REQUIREMENTS}", str(wanted)]
        subprocess.run([PROGRAMS / "uv", "pip", "compile", *words], cwd=ROOT, check=True)


def _projects() -> list[dict[str, Any]]:
    """Return what the packages' pyproject.toml say."""
    files = (folder / "pyproject.toml" for folder in FOLDERS.values())
    return [tomllib.loads(file.read_text("utf-8")) for file in files]


def for_packages(*projects: dict[str, Any]) -> list[str]:
    """Return what packages need with all extras, to be tested and to be built; not each other."""
    found: set[str] = set()
    for project in projects:
        found.update(project["project"]["dependencies"], project["build-system"]["requires"])
        for group in ("optional-dependencies", "dependency-groups"):
            tables = {**project["project"], **project}.get(group, {})
            found.update(line for lines in tables.values() for line in lines)
    return sorted(line for line in found if not line.startswith("flask-chassis"))


def pins(locks: Iterable[str]) -> list[str]:
    """Return all versions of the services' locks, as constraints."""
    found = {pinned for lock in locks for pinned in PINNED.findall(lock)}
    return sorted(f"{name}=={version}" for name, version in found if "flask-chassis" not in name)


def without_own_packages(locked: str) -> str:
    """Return a lock without chassis and tools: Poetry would keep what it knows of their versions.

    Their dependencies may have changed since, as only a release gives them a new version.
    """
    return OWN_PACKAGE.sub("", locked)


def as_template(locked: str) -> str:
    """Turn a service's lock into the template's: what the answers decide is left open."""
    first, *others = locked.split("\n\n[[package]]")
    *packages, last = others
    last, mark, rest = last.partition("\n\n[extras]")
    whole = "".join(f"[[package]]{_with_source(text)}\n" for text in (*packages, last))
    return HASH.sub('content-hash = ""', f"{first}\n\n{whole}{mark.lstrip()}{rest}")


def _with_source(package: str) -> str:
    """Leave open where a package comes from."""
    found = VENDORED.search(package)
    if not found:
        return f"{package}\n{SOURCE}"
    return package[: found.start()] + FROM_INDEX_OR_VENDOR.replace("FILE", found[1])


def _poetry(*words: str, folder: Path) -> None:
    """Run Poetry. POETRY_PYPI_MIRROR_URL names an index that speaks pip's protocol only."""
    # Without this, Poetry leaves an empty virtual environment in its cache for each folder.
    environment = os.environ | {"POETRY_VIRTUALENVS_CREATE": "false"}
    subprocess.run([PROGRAMS / "poetry", *words], cwd=folder, env=environment, check=True)
