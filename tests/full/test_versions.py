"""A service of each kind passes its own checks and tests, one on each Python that is here."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.folders import ROOT
from tasks.render import example
from tests.conftest import EXAMPLES
from tests.full.programs import run, succeeds
from tests.services import InstalledService, install

VERSIONS = json.loads((ROOT / "cookiecutter.json").read_text("utf-8"))["python_version"]

# With this, what the tests reach of the chassis is judged, as in a service's own CI.
REPORTS = "--reports=reports"

# In one process, which takes the least of a machine that has other tests to run.
ALONE = "--parallel=0"

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
    """The example of a resource, rendered for the version and installed with it."""
    for python in candidates(version):
        if version_of(python) == version:
            answers = example(EXAMPLES["resource"]) | {"python_version": version}
            return install(answers, str(python))
    pytest.skip(f"Python {version} is not installed")


def test_its_interpreter_is_the_one_that_was_asked_for(
    service: InstalledService, version: str
) -> None:
    assert version_of(service.bin / "python") == version


def test_it_passes_its_own_checks(service: InstalledService) -> None:
    passes(service, "check", "--all")


def test_it_passes_its_own_tests(service: InstalledService) -> None:
    passes(service, "tests", REPORTS, ALONE)


@pytest.fixture(params=[kind for kind in EXAMPLES if kind != "resource"], scope="module")
def service_of_another_kind(request: pytest.FixtureRequest) -> InstalledService:
    """The example of each kind that the tests above have not seen."""
    return install(example(EXAMPLES[request.param]), extras="gevent")


@pytest.mark.parametrize("words", [["check", "--all"], ["tests", REPORTS]], ids=["checks", "tests"])
def test_each_other_kind_passes_its_own(
    service_of_another_kind: InstalledService, words: list[str]
) -> None:
    passes(service_of_another_kind, *words)


def passes(service: InstalledService, *words: str) -> None:
    """Run one of a service's own tasks, which must find nothing."""
    path = f"{service.bin}{os.pathsep}{os.environ['PATH']}"
    program: list[str | Path] = [service.bin / "acme-tasks", *words]
    # As it was rendered: no repository of git, which the folder around it is.
    environment = {"PATH": path, "GIT_CEILING_DIRECTORIES": str(service.path.parent)}
    succeeds(program, service.path, environment, seconds=TESTS_SECONDS)
