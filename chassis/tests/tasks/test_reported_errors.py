"""What a task did not expect is reported to Sentry, as it is from a CronJob that nobody watches."""

import os
import subprocess
import sys

import pytest

from flask_chassis.settings import environment_variable, required_in, variable_for

from ..sentry_server import receiver

PROGRAM = """
import atexit, sys
from invoke import Exit, task
from flask_chassis.exceptions import ConfigurationError
from flask_chassis.tasks import command

command.entry_points = lambda group: []
atexit.register(lambda: print("sentry_sdk" in sys.modules))

@task
def overdue(context):
    raise {error}

made = command.namespace()
made.add_task(overdue)
command.Tasks(namespace=made, version="1").run(["tasks", "overdue"])
"""

UNEXPECTED = 'RuntimeError("no rate with password=hunter2")'


def run(error: str, dsn: str, environment: str = "tests.local") -> subprocess.CompletedProcess[str]:
    """Run a task that raises an error."""
    return subprocess.run(
        [sys.executable, "-c", PROGRAM.replace("{error}", error)],
        env=os.environ | {environment_variable(): environment, variable_for("sentry.dsn"): dsn},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_an_unexpected_error_of_a_task_is_reported_before_it_ends() -> None:
    with receiver() as server:
        failed = run(UNEXPECTED, server.dsn)
        assert failed.returncode == 1
        assert failed.stderr.rstrip().endswith("RuntimeError: no rate with password=hunter2")
        [event] = server.events
    assert event["tags"] == {"task": "overdue"}
    assert event["level"] == "error"
    assert event["environment"] == "tests.local"
    [exception] = event["exception"]["values"]
    assert exception["value"] == "no rate with password=[redacted]"
    assert exception["stacktrace"]["frames"][-1]["function"] == "overdue"


@pytest.mark.parametrize(
    "error",
    ['Exit("there is no rate", 1)', 'ConfigurationError("there is no rate")'],
)
def test_an_error_that_the_task_explains_is_not_reported(error: str) -> None:
    with receiver() as server:
        failed = run(error, server.dsn)
        assert failed.returncode == 1
        assert failed.stderr == "there is no rate\n"
        assert server.events == []


@pytest.mark.parametrize("environment", ["tests.local", "production.kubernetes"])
def test_without_an_address_sentry_is_not_imported(environment: str) -> None:
    failed = run(UNEXPECTED, "", environment)
    assert failed.returncode == 1
    assert failed.stderr.rstrip().endswith("RuntimeError: no rate with password=hunter2")
    assert "Sentry" not in failed.stderr
    assert failed.stdout == "False\n"


def test_an_error_is_reported_where_other_settings_are_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A migration has those of its database alone."""
    assert required_in("production.kubernetes")
    monkeypatch.setenv("VERSION_NAME", "v1.2")
    monkeypatch.setenv("VERSION_SHA", "abc")
    with receiver() as server:
        failed = run(UNEXPECTED, server.dsn, "production.kubernetes")
        assert "is not reported" not in failed.stderr
        [event] = server.events
    assert event["environment"] == "production.kubernetes"


def test_what_keeps_it_from_being_reported_is_said_and_the_error_too() -> None:
    failed = run(UNEXPECTED, "nowhere")
    assert failed.returncode == 1
    assert "The error is not reported to Sentry: sentry.dsn is not valid" in failed.stderr
    assert failed.stderr.rstrip().endswith("RuntimeError: no rate with password=hunter2")
