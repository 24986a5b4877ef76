"""A service of each kind passes its own checks and tests; one starts on every Python version.

The chassis has its own tests, which run on every Python, and the tools theirs, on the newest.
"""

import os
import sys
from pathlib import Path

import pytest

from tasks.render import example
from tasks.running_service import RunningService
from tests.conftest import EXAMPLES
from tests.full.programs import succeeds
from tests.pythons import VERSIONS, python_of, version_of
from tests.services import InstalledService, install

# With this, the coverage of the service is judged, as in its own CI.
REPORTS = "--reports=reports"

# In one process, which takes the least of a machine that has other tests to run.
ALONE = "--parallel=0"

TESTS_SECONDS = 300


@pytest.mark.parametrize(
    "words", [["check", "--all"], ["tests", REPORTS, ALONE]], ids=["checks", "tests"]
)
def test_each_kind_passes_its_own(service_of_each_kind: InstalledService, words: list[str]) -> None:
    """That its tests pass in several processes as well is seen with the domain of the tutorial."""
    passes(service_of_each_kind, *words)


OWN = f"{sys.version_info.major}.{sys.version_info.minor}"
"""The Python that these tests run on, with which the services above are installed."""

OTHERS = [version for version in VERSIONS if version != OWN]


@pytest.fixture(params=OTHERS, scope="module")
def version(request: pytest.FixtureRequest) -> str:
    """Each of them."""
    return str(request.param)


@pytest.fixture(scope="module")
def service(version: str) -> InstalledService:
    """The example of a resource, rendered for the version and installed with it."""
    python = python_of(version)
    if python is None:
        pytest.skip(f"Python {version} is not installed")
    return install(example(EXAMPLES["resource"]) | {"python_version": version}, str(python))


def test_its_interpreter_is_the_one_that_was_asked_for(
    service: InstalledService, version: str
) -> None:
    assert version_of(service.bin / "python") == version


def test_it_starts_on_another_python(service: InstalledService, tmp_path: Path) -> None:
    running = RunningService(service.path, tmp_path)
    try:
        running.start()
        assert running.is_ready()
    finally:
        running.stop()


def test_it_passes_its_own_tests_on_another_python(service: InstalledService) -> None:
    passes(service, "tests", REPORTS, ALONE)


def passes(service: InstalledService, *words: str) -> None:
    """Run one of a service's own tasks, which must find nothing."""
    path = f"{service.bin}{os.pathsep}{os.environ['PATH']}"
    program: list[str | Path] = [service.bin / "acme-tasks", *words]
    # As it was rendered: no repository of git, which the folder around it is.
    environment = {"PATH": path, "GIT_CEILING_DIRECTORIES": str(service.path.parent)}
    succeeds(program, service.path, environment, seconds=TESTS_SECONDS)
