"""A service passes its own checks and tests on each Python that this machine has."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.folders import ROOT
from tasks.render import example
from tests.full.programs import run, succeeds
from tests.services import InstalledService, install

VERSIONS = json.loads((ROOT / "cookiecutter.json").read_text("utf-8"))["python_version"]

TESTS_SECONDS = 300


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
    except (OSError, subprocess.TimeoutExpired):
        return ""


@pytest.fixture(params=VERSIONS, scope="module")
def version(request: pytest.FixtureRequest) -> str:
    """Each version that the template offers."""
    return str(request.param)


@pytest.fixture(scope="module")
def service(version: str) -> InstalledService:
    """The example, rendered for the version and installed with it."""
    for python in candidates(version):
        if version_of(python) == version:
            return install(example("thoughts-backend") | {"python_version": version}, str(python))
    pytest.skip(f"Python {version} is not installed")


def test_its_interpreter_is_the_one_that_was_asked_for(
    service: InstalledService, version: str
) -> None:
    assert version_of(service.bin / "python") == version


def test_it_passes_its_own_checks(service: InstalledService) -> None:
    succeeds([service.bin / "acme-tasks", "check", "--all"], service.path, seconds=TESTS_SECONDS)


def test_it_passes_its_own_tests(service: InstalledService) -> None:
    path = f"{service.bin}{os.pathsep}{os.environ['PATH']}"
    words: list[str | Path] = [service.bin / "acme-tasks", "tests"]
    succeeds(words, service.path, {"PATH": path}, seconds=TESTS_SECONDS)
