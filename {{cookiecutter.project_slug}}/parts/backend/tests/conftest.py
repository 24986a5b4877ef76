"""What every test can ask for: the service on a real PostgreSQL, emptied before each test."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest
from flask import Flask
from invoke import Context
from sqlalchemy import Engine, text

from {{ cookiecutter.package_name }} import models
from {{ cookiecutter.package_name }}.app import create_app
from {{ cookiecutter.package_name }}.chassis import database
from {{ cookiecutter.package_name }}.chassis import settings as chassis_settings
from {{ cookiecutter.package_name }}.chassis.settings import Settings
from {{ cookiecutter.package_name }}.tasks import database as database_tasks
from {{ cookiecutter.package_name }}.tasks import keys, token
from {{ cookiecutter.package_name }}.tasks.embedded_postgres import EmbeddedPostgres

from .answers import Answers

# Tables are emptied here: no environment but one for tests will do, whatever the shell has set.
ASKED_FOR = os.environ.get(chassis_settings.ENVIRONMENT_VARIABLE, "")
ENVIRONMENT = ASKED_FOR if ASKED_FOR.startswith("tests.") else "tests.local"


@pytest.fixture(scope="session")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A private key of an issuer; its public half is one that the service accepts."""
    return keys.write_pair(tmp_path_factory.mktemp("keys"), "tests", bits=2048)


@pytest.fixture(scope="session")
def other_key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The private key of a stranger."""
    return keys.write_pair(tmp_path_factory.mktemp("stranger"), "other", bits=2048)


@pytest.fixture(scope="session")
def settings(key: Path) -> Iterator[Settings]:
    """The settings of the tests, in environment variables: the tasks that they run go by them too.

    In `tests.local` there is a database server of their own, elsewhere the one that is configured.
    """
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setenv(chassis_settings.ENVIRONMENT_VARIABLE, ENVIRONMENT)
        supplied = {
            "tokens.public_keys_folder": key.parent.parent / "public",
            # Where the service is no issuer, nothing reads it.
            "tokens.private_keys_folder": key.parent,
        }
        if ENVIRONMENT == "tests.local":
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="postgres-"))
            server = stack.enter_context(EmbeddedPostgres(Path(folder), durable=False))
            supplied |= {"database.host": server.host, "database.port": server.port}
        elif worker := os.environ.get("PYTEST_XDIST_WORKER"):
            name = chassis_settings.load(ENVIRONMENT)["database.name"]
            supplied["database.name"] = f"{name}_{worker}"
        for name, value in supplied.items():
            patch.setenv(chassis_settings.variable_for(name), str(value))
        yield chassis_settings.load()


@pytest.fixture(scope="session")
def engine(settings: Settings) -> Iterator[Engine]:
    """The migrated database of the tests."""
    database_tasks.create(Context())
    database_tasks.migrate(Context())
    made = database.engine(settings)
    yield made
    made.dispose()


@pytest.fixture(scope="session")
def service(settings: Settings, engine: Engine) -> Iterator[Flask]:
    """The service, made once for all tests."""
    made = create_app(settings)
    yield made
    made.extensions["database"].dispose()


@pytest.fixture(scope="session")
def answers(service: Flask) -> Answers:
    """What the service has answered, to be compared with what its document says."""
    return Answers(service)


@pytest.fixture
def app(service: Flask, engine: Engine, answers: Answers) -> Iterator[Flask]:
    """The service with empty tables, whose every answer must be one that its document knows."""
    tables = ", ".join(f'"{table.name}"' for table in models.METADATA.sorted_tables)
    with engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))
    yield service
    assert answers.taken_undocumented() == []


@pytest.fixture(autouse=True)
def _push_request_context() -> None:
    """Push none: with pytest-flask's around a test, all its requests would share one `flask.g`."""


@pytest.fixture(scope="session")
def bearer(settings: Settings, key: Path) -> "Bearer":
    """The headers of a caller: `client.get(path, headers=bearer("ada"))`."""
    return Bearer(settings, key)


class Bearer:
    """Makes the headers that a caller with a token sends."""

    def __init__(self, settings: Settings, key: Path) -> None:
        self._token = cache(lambda *whose: token.sign(settings, key, *whose))

    def __call__(self, username: str = "ada", scope: str = "") -> dict[str, str]:
        """Return the header with a token of this user."""
        return {"Authorization": f"Bearer {self._token(username, scope)}"}
