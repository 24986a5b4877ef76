"""The tasks, called as a user calls them: with the words of a command."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from flask_chassis.db import database
from flask_chassis.settings import Settings, environment_variable, load, variable_for
from flask_chassis.tasks import command

from ..conftest import use_checkout


@dataclass(frozen=True)
class Done:
    """What a command has done."""

    code: int
    out: str
    error: str


Run = Callable[..., Done]


def program() -> command.Tasks:
    """Return the command with the tasks of the chassis, without those of installed packages."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command, "entry_points", lambda group: [])
        return command.Tasks(namespace=command.namespace(), version="1")


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process: `run("db.create", "--help")`."""

    def runs(*words: str) -> Done:
        capfd.readouterr()
        code: object = 0
        try:
            program().run(["tasks", *words])
        except SystemExit as ended:
            code = ended.code or 0
            if isinstance(code, str):  # the interpreter would print it, and exit with 1
                print(code, file=sys.stderr)
                code = 1
        assert isinstance(code, int)
        captured = capfd.readouterr()
        return Done(code, captured.out, captured.err)

    return runs


@pytest.fixture
def production(monkeypatch: pytest.MonkeyPatch) -> str:
    """Make production the environment that the variable names."""
    monkeypatch.setenv(environment_variable(), "production.kubernetes")
    return "production.kubernetes"


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make an empty folder the checkout of the service."""
    return use_checkout(tmp_path, monkeypatch)


@pytest.fixture
def empty_database(
    run: Run, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Engine]:
    """A database without tables, that the tasks go by."""
    monkeypatch.setenv(variable_for("database.name"), f"{settings['database.name']}_3")
    run("db.create")
    made = database.engine(load())
    with made.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    yield made
    made.dispose()
