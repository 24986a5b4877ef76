"""The command as it is installed: it lists its tasks, and its errors are sentences."""

import os
import subprocess
import sys
import sysconfig
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from {{ cookiecutter.package_name }}.chassis import project_files
from {{ cookiecutter.package_name }}.chassis.settings import (
    ENVIRONMENT_VARIABLE,
    required_in,
    variable_for,
)
from {{ cookiecutter.package_name }}.tasks import NAMESPACE

from .conftest import Run

TASKS = sorted(NAMESPACE.task_names)


SETTINGS_NEEDED_BY = sorted(
    {"run", "db.create", "db.migrate", "dependencies.check", "token.issue"} & set(TASKS)
)


def installed_command() -> Path:
    """Return the path of the command that installing the service has made."""
    target = f"{project_files.PACKAGE.name}.tasks:program.run"
    [name] = {
        point.name for point in entry_points(group="console_scripts") if point.value == target
    }
    return Path(sysconfig.get_path("scripts")) / name


def test_every_task_is_listed_with_a_sentence(run: Run) -> None:
    listed = run("--list")
    assert listed.code == 0
    described = [line.split(maxsplit=1) for line in listed.out.splitlines()]
    sentences = {line[0]: line[1] for line in described if len(line) == 2}
    for task in TASKS:
        assert len(sentences[task]) > 20, task


def test_an_error_of_the_installed_command_is_a_sentence() -> None:
    variables = os.environ | {ENVIRONMENT_VARIABLE: "nowhere"}
    failed = subprocess.run(
        [installed_command(), "run"],
        env=variables,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert failed.returncode == 1
    assert failed.stderr.startswith(f"{ENVIRONMENT_VARIABLE} is 'nowhere', which settings.yaml")
    assert "Traceback" not in failed.stderr
    assert failed.stdout == ""


def list_without(module: str) -> subprocess.CompletedProcess[str]:
    """List the tasks in a process in which a module cannot be imported."""
    package = project_files.PACKAGE.name
    program = f"""
import sys
sys.modules["{module}"] = None
from {package}.tasks import program
program.run(["tasks", "--list"])
"""
    words = [sys.executable, "-c", program]
    return subprocess.run(words, capture_output=True, text=True, timeout=30)


def test_the_tasks_are_there_where_the_services_own_cannot_be_loaded() -> None:
    listed = list_without(f"{project_files.PACKAGE.name}.own_tasks")
    assert listed.returncode == 0
    assert "template.update" in listed.stdout
    assert listed.stderr.startswith("own_tasks.py gives no tasks: ModuleNotFoundError: ")


def test_a_package_that_is_missing_is_told_with_what_to_do() -> None:
    failed = list_without("dynaconf")
    assert failed.returncode == 1
    assert failed.stderr.startswith("The tasks cannot be loaded: ")
    assert "dynaconf" in failed.stderr.splitlines()[0]
    assert "./bootstrap installs it" in failed.stderr
    assert "Traceback" not in failed.stderr


def test_no_command_waits_for_libraries_that_another_needs() -> None:
    """`run` in a pod that starts, say. The service's own tasks may do as they like."""
    package = project_files.PACKAGE.name
    program = f"""
import sys
sys.modules["{package}.own_tasks"] = None
import {package}.tasks
print(*{{"alembic", "psycopg2", "sqlalchemy"}} & sys.modules.keys())
"""
    words = [sys.executable, "-c", program]
    done = subprocess.run(words, capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout.split() == []


@pytest.mark.parametrize("task", TASKS)
def test_every_task_tells_what_it_takes(run: Run, task: str) -> None:
    told = run("--help", task)
    assert told.code == 0
    assert "Docstring:" in told.out


def test_an_unknown_task_is_refused(run: Run) -> None:
    refused = run("no-such-task")
    assert refused.code == 1
    assert "no-such-task" in refused.error


@pytest.mark.parametrize("task", SETTINGS_NEEDED_BY)
def test_all_that_is_missing_is_told(
    run: Run, production: str, task: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = required_in(production)
    assert missing
    for key in missing:
        monkeypatch.delenv(variable_for(key), raising=False)
    failed = run(task)
    assert failed.code == 1
    assert failed.error.startswith(f"Settings of {production}:\n")
    for key in missing:
        assert f"{key} is missing: set " in failed.error


def test_the_tasks_of_every_kind_are_there() -> None:
    of_all = {"check", "config.required", "config.validate", "down", "network.create", "run"}
    of_all |= {"template.adopt", "template.drift", "template.update"}
    assert of_all | {"scan.code", "scan.image", "tests", "up", "version"} < set(TASKS)
