"""Tasks that check and test the code."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

from flask_chassis import project, settings
from flask_chassis.tasks import config
from invoke import Context, Exit, task

from flask_chassis_tools.contract import api, documents
from flask_chassis_tools.pipeline import ci

QUICK = {
    "conflict markers": ["flask_chassis_tools.conflict_markers"],
    "format": ["ruff", "format", "--check", "."],
    "lint": ["ruff", "check", "."],
    "types": ["mypy"],
}
THOROUGH = {
    "yaml": ["yamllint", "--strict", "."],
    "installed": ["pip", "check"],
}

COVERAGE = 90
"""The minimum coverage of the service's package, in percent."""

MOST_PROCESSES = 4
"""Each process starts a PostgreSQL: on a machine with many cores, more take longer to start than
they save."""

WATCHED = "*.py,*.yaml,*.html"

INSTALL_WATCHER = (
    "--watch needs pytest-watcher, which is not installed. Install it: "
    f"{sys.executable} -m pip install pytest-watcher"
)


@task(help={"all": "Also check YAML files, installed packages, settings, migrations and the API"})
def check(context: Context, all: bool = False) -> None:
    """Check conflict markers, format, lint and types, without changing files."""
    _require_checkout()
    failed = [name for name, words in (QUICK | (THOROUGH if all else {})).items() if _fails(words)]
    if all and _fails_in_settings(context):
        failed.append("settings")
    if all and _fails_in_migrations(context):
        failed.append("migrations")
    if all and _fails_in_api(context):
        failed.append("API")
    if failed:
        raise Exit(f"Failed: {', '.join(failed)}.", 1)
    print("All checks passed.")


@task(
    help={
        "select": "Run only the tests whose names match, like pytest -k",
        "parallel": "Number of processes; by default one for each core, 4 at most, with `--select` "
        "or `--watch` one",
        "reports": "Folder for junit.xml and coverage reports; requires the minimum coverage",
        "watch": "Run them again whenever a file changes, until Ctrl-C (pytest-watcher)",
    }
)
def tests(
    context: Context, select: str = "", parallel: str = "", reports: str = "", watch: bool = False
) -> None:
    """Run the tests; with a folder for reports, also require the minimum coverage, as CI does."""
    _require_checkout()
    # A selection of tests covers only a part of the code.
    is_judged = bool(reports) and not select
    processes = parallel or ("0" if select or watch else _processes())
    chosen = ["-k", select] if select else []
    junit = [f"--junitxml={reports}/junit.xml"] if reports else []
    coverage = [f"--cov={project.package()}", "--cov-report="] if is_judged else []
    # CI has room for everything; a developer sees what failed.
    brevity = [] if reports else ["--quiet", "--no-header", "--tb=short"]
    options = ["-n", processes, *chosen, *junit, *coverage, *brevity]
    if watch:
        _watch(options)
    failed = _fails(["pytest", *options])
    if is_judged:
        _report_coverage(reports)
    if failed:
        raise Exit("Tests failed.", 1)
    if is_judged and _fails(
        [
            *("coverage", "report", f"--include={project.package()}/*"),
            *("--show-missing", f"--fail-under={COVERAGE}"),
        ]
    ):
        raise Exit(f"The tests cover less than {COVERAGE} % of the service.", 1)


def _processes() -> str:
    return str(min(os.cpu_count() or 1, MOST_PROCESSES))


def _watch(options: list[str]) -> NoReturn:
    """Replace this process with one that runs the tests now, and after each change."""
    if find_spec("pytest_watcher") is None:
        raise Exit(INSTALL_WATCHER, 1)
    os.chdir(project.working_folder())
    runner = Path(sys.executable).with_name("pytest")
    words = ["pytest_watcher", ".", "--now", f"--runner={runner}", f"--patterns={WATCHED}"]
    os.execv(sys.executable, [sys.executable, "-m", *words, *options])  # noqa: S606 - no shell


def _report_coverage(folder: str) -> None:
    """Write the coverage reports as XML and HTML, and report the total to the CI system."""
    _fails(["coverage", "xml", "--quiet", "-o", f"{folder}/coverage.xml"])
    _fails(["coverage", "html", "--quiet", "-d", f"{folder}/coverage"])
    total = subprocess.run(
        [sys.executable, "-m", "coverage", "report", "--format=total", "--precision=2"],
        cwd=project.working_folder(),
        capture_output=True,
        text=True,
    )
    ci.statistic("CodeCoverageL", total.stdout.strip())


def _require_checkout() -> None:
    if not project.in_checkout():
        raise Exit("Not a checkout of the service: run ./bootstrap in one.", 1)


def _fails_in_settings(context: Context) -> bool:
    try:
        config.validate(context)
    except Exit as fault:
        print(fault.message)
        return True
    return False


def _fails_in_migrations(context: Context) -> bool:
    if "database" not in settings.parts():
        return False
    from flask_chassis_tools import migrations

    try:
        migrations.lint(context)
    except Exit as fault:
        print(fault.message)
        return True
    return False


def _fails_in_api(context: Context) -> bool:
    if not (project.working_folder() / documents.FILE).is_file():
        return False
    try:
        api.diff(context)
    except Exit as fault:
        print(fault.message)
        return True
    return False


def _fails(words: list[str]) -> bool:
    """Run an installed tool in the service's folder, and return whether it fails."""
    print(f"$ {' '.join(words)}", flush=True)
    command = [sys.executable, "-m", *words]
    return subprocess.run(command, cwd=project.working_folder()).returncode != 0
