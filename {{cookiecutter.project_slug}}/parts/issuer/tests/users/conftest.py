"""Fixtures that create users and log in."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_chassis.settings import Settings
from flask_chassis.testing import Bearer, changed
from flask_chassis.testing.passwords import verified_with
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from {{ cookiecutter.package_name }}.app import create_app

PASSWORD = "correct horse"
HOME = "192.0.2.1"

Create = Callable[..., TestResponse]
LogIn = Callable[..., TestResponse]
Make = Callable[..., Flask]


@pytest.fixture
def create(client: FlaskClient, bearer: Bearer) -> Create:
    """Create a user as an administrator does."""

    def creates(username: str = "ada", password: str = PASSWORD, **others: str) -> TestResponse:
        body = {"username": username, "password": password} | others
        return client.post("/admin/users/", json=body, headers=bearer("root", scope="admin"))

    return creates


@pytest.fixture
def log_in(client: FlaskClient) -> LogIn:
    """Log in, by default with the right password and from the address `HOME`."""

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
def make(settings: Settings, engine: Engine) -> Iterator[Make]:
    """Create another instance of the service with the same database."""
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
    return verified_with(monkeypatch)
