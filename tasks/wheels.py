"""Builds the wheels of the chassis and its tools that rendered services carry in `vendor/`."""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from invoke import Context, Exit, task

from . import versions
from .folders import PROGRAMS, ROOT, TEMPLATE

PACKAGES = {"flask-chassis": Path("chassis"), "flask-chassis-tools": Path("tools")}
"""The distributions, and the folders with their sources, below the root of the repository."""

VENDOR = TEMPLATE / "vendor"
"""The folder of the template with the wheels."""

EPOCH = "1577836800"
"""The time of every file in a wheel: the same sources give the same bytes on any day."""


@task(help={"check": "Change nothing; fail unless the wheels are what the sources give"})
def wheels(context: Context, check: bool = False) -> None:
    """Build the wheels of chassis and tools into the template, with their hashes in the locks."""
    if not check:
        make()
    elif found := list(faults()):
        raise Exit("\n".join(found), 1)
    for wheel in sorted(VENDOR.iterdir()):
        print(wheel.relative_to(ROOT))


def make() -> None:
    """Build the wheels into the template, and name them there."""
    with tempfile.TemporaryDirectory() as folder:
        put(build(Path(folder)))


def faults() -> Iterator[str]:
    """Yield what differs from the sources: the wheels, or their names and hashes elsewhere."""
    with tempfile.TemporaryDirectory() as folder:
        built = {path.name: path.read_bytes() for path in build(Path(folder)).values()}
    there = {path.name: path.read_bytes() for path in VENDOR.glob("*")}
    if there != built:
        names = ", ".join(sorted(there)) or "none"
        yield (
            f"the wheels in the template's vendor/ ({names}) are not what chassis/ and tools/ "
            "give: ./invoke wheels"
        )
        return
    for file in naming():
        text = file.read_text("utf-8")
        if with_names(text) != text:
            name = file.relative_to(ROOT)
            yield f"{name} has other names or hashes of the wheels in vendor/: ./invoke wheels"


def build(into: Path, root: Path = ROOT) -> dict[str, Path]:
    """Build the wheels into a folder and return them by distribution.

    `root` is the repository whose sources they are built from.
    """
    built = {}
    for name, sources in PACKAGES.items():
        with tempfile.TemporaryDirectory() as folder:
            # A copy without what tools leave behind: nothing of that gets into the wheel.
            copy = Path(folder) / "copy"
            ignored = shutil.ignore_patterns("__pycache__", "*.pyc", ".*", "tests", "dist")
            shutil.copytree(root / sources, copy, ignore=ignored)
            for path in copy.rglob("*"):
                path.chmod(0o755 if path.is_dir() else 0o644)
            poetry = str(PROGRAMS / "poetry")
            command = [poetry, "build", "--format=wheel", f"--output={into}"]
            environment = os.environ | {
                "SOURCE_DATE_EPOCH": EPOCH,
                "POETRY_VIRTUALENVS_CREATE": "false",
            }
            done = subprocess.run(
                command, cwd=copy, env=environment, capture_output=True, text=True
            )
        if done.returncode:
            raise Exit(f"{name} cannot be built:\n{done.stdout}{done.stderr}", 1)
        [built[name]] = into.glob(f"{name.replace('-', '_')}-[0-9]*.whl")
    return built


def put(built: Mapping[str, Path], root: Path = ROOT) -> None:
    """Replace the wheels in the template, and name them there."""
    vendor = root / VENDOR.relative_to(ROOT)
    vendor.mkdir(exist_ok=True)
    for wheel in built.values():
        shutil.copy(wheel, vendor)
    names = {wheel.name for wheel in built.values()}
    for old in vendor.iterdir():
        if old.name not in names:
            old.unlink()
    for file in naming(root):
        file.write_text(with_names(file.read_text("utf-8"), vendor), "utf-8")


def version(name: str = "flask-chassis", root: Path = ROOT) -> str:
    """Return the version of a package."""
    pyproject = tomllib.loads((root / PACKAGES[name] / "pyproject.toml").read_text("utf-8"))
    return str(pyproject["project"]["version"])


def set_version(number: str, root: Path = ROOT) -> None:
    """Give the template and both packages a version: they are released together."""
    versions.write(number, root)


def naming(root: Path = ROOT) -> list[Path]:
    """Return the files of the template that name the wheels, the locks with their hashes."""
    locks = sorted((root / TEMPLATE.name / "parts").glob("*/poetry.lock"))
    return [root / "templates" / "pyproject.toml", *locks]


def with_names(text: str, vendor: Path = VENDOR) -> str:
    """Return a file's text with the names and hashes of the wheels that are in vendor/."""
    for name in PACKAGES:
        distribution = name.replace("-", "_")
        [wheel] = vendor.glob(f"{distribution}-[0-9]*.whl")
        checksum = hashlib.sha256(wheel.read_bytes()).hexdigest()
        pattern = rf"\b{distribution}-[0-9][^\s\"]*?-py3-none-any\.whl"
        text = re.sub(pattern, wheel.name, text)
        text = re.sub(
            rf'(file = "{re.escape(wheel.name)}", hash = "sha256:)[0-9a-f]+',
            rf"\g<1>{checksum}",
            text,
        )
    return text
