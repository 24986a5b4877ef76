"""The packages' own tests, run as their developers run them, and what they end with."""

import os
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tasks.packages import ENVIRONMENTS, FOLDERS, environment
from tasks.test import TOOLS
from tests.full.programs import run
from tests.pythons import VERSIONS, python_of

SECONDS = 3000

REPORT = "closing line"
"""What a test keeps of a run, to be listed at the end."""


@pytest.fixture(params=VERSIONS, scope="module")
def version(request: pytest.FixtureRequest) -> str:
    """Each version of Python that services are offered."""
    return str(request.param)


@pytest.fixture(scope="module")
def packages(version: str) -> Path:
    """An environment with both packages."""
    python = python_of(version)
    if python is None:
        pytest.skip(f"Python {version} is not installed")
    return environment(version, python)


def passes_its_tests(package: str, environment: Path) -> str:
    """Run a package's tests with its own configuration, and return the line that they end with."""
    junit = ENVIRONMENTS / f"{package}-{environment.name}.xml"
    path = os.pathsep.join([str(environment / "bin"), str(TOOLS), os.environ["PATH"]])
    words: list[str | Path] = [environment / "bin" / "pytest", "-q", f"--junit-xml={junit}"]
    variables = {"PATH": path, "MYPY_CACHE_DIR": str(ENVIRONMENTS / f"mypy-{environment.name}")}
    done = run(words, FOLDERS[package], variables, seconds=SECONDS)
    assert done.returncode == 0, done.stdout + done.stderr
    if os.environ.get("CI") == "true":
        assert skipped(junit) == [], "Skipped, which nothing may be in CI"
    return done.stdout.strip().splitlines()[-1]


def skipped(junit: Path) -> list[str]:
    """Return the names of the tests that were skipped in a run."""
    cases = ET.parse(junit).getroot().iter("testcase")  # noqa: S314 - pytest has written it
    return [str(case.get("name")) for case in cases if case.find("skipped") is not None]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List how the runs of the packages' own tests have ended."""
    for report in terminalreporter.stats.get("passed", []):
        for name, value in report.user_properties:
            if name == REPORT:
                terminalreporter.write_line(str(value))
