"""Test `check` and `tests` on a package of one module with planted faults."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from flask_chassis import project
from flask_chassis.project import Project

from flask_chassis_tools import quality

from .conftest import Run

PYPROJECT = """\
[tool.ruff]
line-length = 100

[tool.mypy]
packages = ["planted"]
strict = true
"""

MODULE = '''\
"""A module."""


def double(number: int) -> int:
    """Return twice a number."""
    return 2 * number
'''

TEST = """\
from planted import double


def test_double() -> None:
    assert double.double(2) == 4
"""


@pytest.fixture
def module(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only module of a service without faults."""
    monkeypatch.setattr(project, "_current", Project("planted", checkout / "planted"))
    (checkout / "pyproject.toml").write_text(PYPROJECT)
    (checkout / "settings.yaml").write_text("default: {a: {b: 1}}\n")
    (checkout / ".yamllint").write_text("extends: relaxed\n")
    package = checkout / "planted"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "double.py").write_text(MODULE)
    (checkout / "tests").mkdir()
    (checkout / "tests" / "test_double.py").write_text(TEST)
    return package / "double.py"


def test_check_reports_every_fault_and_passes_without_faults(run: Run, module: Path) -> None:
    root = module.parents[1]
    module.write_text(f"import os\n{MODULE}x: str = double( 1 )\n")
    (root / "planted.yaml").write_text("a: 1\na: 2\n")
    (root / "settings.yaml").write_text("default: {a: {b: 1}}\ntests.local: {a: {c: 2}}\n")
    failed = run("check", "--all")
    assert failed.code == 1
    assert "a.c is not a setting" in failed.out
    for name in ("format", "lint", "types", "yaml", "settings"):
        assert name in failed.error

    module.write_text(MODULE)
    passed = run("check")
    assert passed.code == 0, passed.out
    assert "All checks passed." in passed.out


def test_check_refuses_conflict_markers_in_any_file(run: Run, module: Path) -> None:
    root = module.parents[1]
    (root / "NOTES.txt").write_text("<<<<<<< HEAD\na\n=======\nb\n>>>>>>> template\n")
    for words in (["init", "--quiet"], ["add", "NOTES.txt"]):
        subprocess.run(["git", *words], cwd=root, check=True)
    failed = run("check")
    assert failed.code == 1
    assert "NOTES.txt:1: conflict marker" in failed.out
    assert failed.error == "Failed: conflict markers.\n"


def test_tests_must_pass_and_cover_the_service(
    run: Run, module: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed = run("tests", "--parallel=0", "--reports=reports")
    assert passed.code == 0, passed.out + passed.error
    assert "100%" in passed.out
    reports = module.parents[1] / "reports"
    assert {path.name for path in reports.iterdir()} == {"junit.xml", "coverage.xml", "coverage"}
    assert (reports / "coverage" / "index.html").is_file()

    monkeypatch.setenv("TEAMCITY_VERSION", "2025.11")
    module.write_text(f"{MODULE}\n\ndef unreached() -> int:\n    return 1\n")
    failed = run("tests", "--parallel=0", "--reports=reports")
    assert failed.code == 1
    assert failed.error.strip() == "The tests cover less than 90 % of the service."
    assert "##teamcity[testFinished" in failed.out
    # A failing build reports it, too.
    assert "##teamcity[buildStatisticValue key='CodeCoverageL' value='75.00']" in failed.out

    monkeypatch.delenv("TEAMCITY_VERSION")
    module.write_text(MODULE.replace("2 *", "3 *"))
    failed = run("tests", "--select=double")
    assert failed.code == 1
    assert failed.error.strip() == "Tests failed."


def test_a_developer_sees_what_failed_and_little_else(run: Run, module: Path) -> None:
    passed = run("tests")
    assert passed.code == 0
    lines = passed.out.splitlines()
    assert lines[-1].startswith("1 passed in ")
    assert len(lines) < 8, passed.out


def test_watching_needs_a_package_that_it_names(
    run: Run, module: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quality, "find_spec", lambda name: None)
    failed = run("tests", "--watch")
    assert failed.code == 1
    assert "-m pip install pytest-watcher" in failed.error


def test_watching_runs_the_tests_with_it(
    run: Run, module: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program of that name takes the place of the package, and prints what it is told."""
    stand_in = module.parents[1] / "pytest_watcher.py"
    stand_in.write_text("import sys\nprint(sys.argv[1:])\n")
    monkeypatch.syspath_prepend(stand_in.parent)
    program = (
        "import sys\nfrom pathlib import Path\nfrom flask_chassis import project\n"
        "project.use('planted', Path(sys.argv[1]))\n"
        "from flask_chassis_tools import quality\n"
        "from invoke import Context\nquality.tests(Context(), select='double', watch=True)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, module.parent],
        env=os.environ | {"PYTHONPATH": str(stand_in.parent)},
        capture_output=True,
        text=True,
    )
    words = done.stdout
    assert "'.', '--now'" in words, done.stderr
    assert "'-n', '0', '-k', 'double', '--quiet'" in words
