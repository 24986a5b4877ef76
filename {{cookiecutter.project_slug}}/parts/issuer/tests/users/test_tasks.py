"""Tests of the task that creates the first administrator."""

import inspect
import io
from collections.abc import Callable

import pytest
from flask import Flask
from flask_chassis.tasks.command import namespace
from invoke import Context, Exit

from {{ cookiecutter.package_name }}.users import tasks

from .conftest import PASSWORD, Create, LogIn

Typed = Callable[..., None]


@pytest.fixture(autouse=True)
def _nothing_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(tasks.PASSWORD_VARIABLE, raising=False)


@pytest.fixture
def piped(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Pass the task a text on standard input."""
    return lambda given: monkeypatch.setattr("sys.stdin", io.StringIO(given))


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Typed:
    """Answer the prompts of a terminal."""

    def types(*answers: str) -> None:
        terminal, prompted = io.StringIO(), iter(answers)
        monkeypatch.setattr(terminal, "isatty", lambda: True)
        monkeypatch.setattr("sys.stdin", terminal)
        monkeypatch.setattr(tasks, "getpass", lambda prompt: next(prompted))

    return types


def is_administrator(log_in: LogIn, app: Flask, username: str, password: str = PASSWORD) -> bool:
    """Return whether a user can log in and has the scope `admin`."""
    authorization = log_in(username, password).json["Authorized"]
    claims = app.extensions["tokens"].verify(authorization.removeprefix("Bearer "))
    return "admin" in claims.scopes


def test_task_exists_and_has_no_password_argument() -> None:
    assert "users.create-admin" in namespace().task_names
    assert inspect.signature(tasks.create_admin.body).parameters.keys() == {"context", "username"}


def test_password_is_read_from_the_environment(
    app: Flask, log_in: LogIn, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(tasks.PASSWORD_VARIABLE, PASSWORD)
    tasks.create_admin(Context(), username="Root Beer")
    assert "Root Beer is an administrator now" in capsys.readouterr().out
    assert is_administrator(log_in, app, "root beer")


def test_password_is_read_from_standard_input(
    app: Flask, log_in: LogIn, piped: Callable[[str], None]
) -> None:
    piped(f"{PASSWORD}\n")
    tasks.create_admin(Context())
    assert is_administrator(log_in, app, "admin")


def test_prompt_asks_for_the_password_twice(app: Flask, log_in: LogIn, typed: Typed) -> None:
    typed(PASSWORD, PASSWORD)
    tasks.create_admin(Context())
    assert is_administrator(log_in, app, "admin")


def test_different_passwords_at_the_prompt_are_refused(
    app: Flask, log_in: LogIn, typed: Typed
) -> None:
    typed(PASSWORD, "correct house")
    with pytest.raises(Exit, match="two passwords"):
        tasks.create_admin(Context())
    assert log_in("admin").status_code == 401


def test_existing_administrator_is_left_unchanged(
    app: Flask, log_in: LogIn, piped: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    piped(PASSWORD)
    tasks.create_admin(Context(), username="root")
    piped("another password")
    tasks.create_admin(Context(), username="ROOT")
    assert "root is an administrator already" in capsys.readouterr().out
    assert is_administrator(log_in, app, "root")


def test_existing_user_is_not_promoted(
    create: Create, log_in: LogIn, app: Flask, piped: Callable[[str], None]
) -> None:
    create("ada")
    piped("another password")
    with pytest.raises(Exit, match="no administrator"):
        tasks.create_admin(Context(), username="ada")
    assert not is_administrator(log_in, app, "ada")


def test_lookalike_username_is_refused(
    create: Create, piped: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    create("ada")
    piped("another password")
    with pytest.raises(Exit, match="looks like the name of a user"):
        tasks.create_admin(Context(), username="\u0430da")
    assert "is an administrator now" not in capsys.readouterr().out


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(
    ("username", "password", "fault"),
    [("root", "short", "password: "), ("root", "", "password: "), (" root", PASSWORD, "username")],
)
def test_invalid_username_or_password_is_refused(
    piped: Callable[[str], None], username: str, password: str, fault: str
) -> None:
    piped(password)
    with pytest.raises(Exit, match=fault) as refused:
        tasks.create_admin(Context(), username=username)
    assert PASSWORD not in str(refused.value)
