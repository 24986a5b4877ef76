"""Users, and people who log in: rightly or wrongly, from anywhere, now or later."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import pytest
from argon2 import PasswordHasher, extract_parameters
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, update
from werkzeug.test import TestResponse

from {{ cookiecutter.package_name }}.app import create_app
from {{ cookiecutter.package_name }}.chassis.settings import Settings
from {{ cookiecutter.package_name }}.users.model import FailedLogins, KnownPlace

from ..conftest import Bearer

PASSWORD = "correct horse"
HOME = "192.0.2.1"

Create = Callable[..., TestResponse]
LogIn = Callable[..., TestResponse]
Later = Callable[[float], None]
Make = Callable[..., Flask]


def changed(settings: Settings, environment: str = "", **others: Any) -> Settings:
    """Return settings with some changed: `changed(settings, tokens__life_seconds=1)`."""
    values = dict(settings.values)
    values |= {key.replace("__", "."): value for key, value in others.items()}
    return replace(
        settings,
        environment=environment or settings.environment,
        values=MappingProxyType(values),
    )


@pytest.fixture
def create(client: FlaskClient, bearer: Bearer) -> Create:
    """Create a user as an administrator does."""

    def creates(username: str = "ada", password: str = PASSWORD, **others: str) -> TestResponse:
        body = {"username": username, "password": password} | others
        return client.post("/admin/users/", json=body, headers=bearer("root", scope="admin"))

    return creates


@pytest.fixture
def log_in(client: FlaskClient) -> LogIn:
    """Log in from some address, with the right password where nothing else is said."""

    def logs_in(
        username: str = "ada",
        password: str = PASSWORD,
        address: str = HOME,
        by: FlaskClient = client,
    ) -> TestResponse:
        body = {"username": username, "password": password}
        environ = {"REMOTE_ADDR": address}
        return by.post("/api/login/", json=body, environ_overrides=environ)

    return logs_in


@pytest.fixture
def later(engine: Engine) -> Later:
    """Let time pass for the failed logins, by moving what happened into the past."""
    moved = {
        FailedLogins: (FailedLogins.blocked_until, FailedLogins.last_failure),
        KnownPlace: (KnownPlace.last_login,),
    }

    def passes(seconds: float) -> None:
        with engine.begin() as connection:
            for table, columns in moved.items():
                earlier = {column: column - timedelta(seconds=seconds) for column in columns}
                connection.execute(update(table).values(earlier))

    return passes


@pytest.fixture
def make(settings: Settings, engine: Engine) -> Iterator[Make]:
    """Make another instance of the service, on the same database."""
    made = []

    def makes(**others: Any) -> Flask:
        made.append(create_app(changed(settings, **others)))
        return made[-1]

    yield makes
    for each in made:
        each.extensions["database"].dispose()


@pytest.fixture
def verified(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The parameters of each hash that a password is verified with."""
    found: list[object] = []
    verify = PasswordHasher.verify

    def noted(self: PasswordHasher, hash: str, password: str) -> object:
        found.append(extract_parameters(hash))
        return verify(self, hash, password)

    monkeypatch.setattr(PasswordHasher, "verify", noted)
    return found
