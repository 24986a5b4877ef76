"""Tasks that judge the code."""

import subprocess
import sys

from invoke import Context, Exit, task

from ..chassis import project_files
from . import ci, config

PACKAGE = project_files.PACKAGE.name

QUICK = {
    "format": ["ruff", "format", "--check", "."],
    "lint": ["ruff", "check", "."],
    "types": ["mypy"],
}
THOROUGH = {
    "yaml": ["yamllint", "--strict", "."],
    "installed": ["pip", "check"],
}

CHASSIS_COVERAGE = 95
"""How much of the chassis the tests must reach, in percent."""


@task(help={"all": "Also the YAML files, the installed packages and the settings"})
def check(context: Context, all: bool = False) -> None:
    """Check format, lint and types. It changes nothing; `ruff format` and `ruff check --fix` do."""
    _require_checkout()
    failed = [name for name, words in (QUICK | (THOROUGH if all else {})).items() if _fails(words)]
    if all and _fails_in_settings(context):
        failed.append("settings")
    if failed:
        raise Exit(f"Failed: {', '.join(failed)}.", 1)
    print("All checks passed.")


@task(
    help={
        "select": "Only the tests whose name matches, as pytest's -k",
        "parallel": "In so many processes: one for each core, or with `--select` one",
        "reports": "Folder for junit.xml and coverage, which is judged then: of the chassis",
    }
)
def tests(context: Context, select: str = "", parallel: str = "", reports: str = "") -> None:
    """Run the tests, with all that they need; with a folder for reports, as CI does."""
    _require_checkout()
    # A part of the tests reaches a part of the code: coverage is judged for all of them.
    is_judged = bool(reports) and not select
    processes = parallel or ("0" if select else "auto")
    chosen = ["-k", select] if select else []
    junit = [f"--junitxml={reports}/junit.xml"] if reports else []
    coverage = [f"--cov={PACKAGE}", "--cov-report="] if is_judged else []
    failed = _fails(["pytest", "-n", processes, *chosen, *junit, *coverage])
    if is_judged:
        _report_coverage(reports)
    if failed:
        raise Exit("Tests failed.", 1)
    if is_judged and _fails(
        [
            *("coverage", "report", f"--include={PACKAGE}/chassis/*"),
            *("--show-missing", f"--fail-under={CHASSIS_COVERAGE}"),
        ]
    ):
        raise Exit(f"The tests reach less than {CHASSIS_COVERAGE} % of the chassis.", 1)


def _report_coverage(folder: str) -> None:
    """Write what the tests reach of the whole package, for programs and for people."""
    _fails(["coverage", "xml", "--quiet", "-o", f"{folder}/coverage.xml"])
    _fails(["coverage", "html", "--quiet", "-d", f"{folder}/coverage"])
    total = subprocess.run(
        [sys.executable, "-m", "coverage", "report", "--format=total", "--precision=2"],
        cwd=project_files.working_folder(),
        capture_output=True,
        text=True,
    )
    ci.statistic("CodeCoverageL", total.stdout.strip())


def _require_checkout() -> None:
    if not project_files.IN_CHECKOUT:
        raise Exit("This needs a checkout of the service: run ./bootstrap there.", 1)


def _fails_in_settings(context: Context) -> bool:
    try:
        config.validate(context)
    except Exit as fault:
        print(fault.message)
        return True
    return False


def _fails(words: list[str]) -> bool:
    """Run one of the installed tools in the service's folder."""
    print(f"$ {' '.join(words)}", flush=True)
    command = [sys.executable, "-m", *words]
    return subprocess.run(command, cwd=project_files.working_folder()).returncode != 0
