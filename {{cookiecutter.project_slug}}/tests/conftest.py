"""What every test can ask for: the service on a real PostgreSQL, emptied before each test."""

import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

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

ENVIRONMENT = os.environ.get(chassis_settings.ENVIRONMENT_VARIABLE, "tests.local")


@pytest.fixture(scope="session")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A private key of an issuer; its public half is one that the service accepts."""
    return keys.write_pair(tmp_path_factory.mktemp("keys"), "tests")


@pytest.fixture(scope="session")
def settings(key: Path) -> Iterator[Settings]:
    """The settings of the tests, with a database server that is there."""
    loaded = chassis_settings.load(ENVIRONMENT)
    values = dict(loaded.values) | {"tokens.public_keys_folder": str(key.parent.parent / "public")}
    if ENVIRONMENT != "tests.local":
        yield replace(loaded, values=MappingProxyType(values))
        return
    with (
        tempfile.TemporaryDirectory(prefix="postgres-") as folder,
        EmbeddedPostgres(Path(folder), durable=False) as server,
    ):
        values["database.port"] = server.port
        yield replace(loaded, values=MappingProxyType(values))


@pytest.fixture(scope="session")
def engine(settings: Settings) -> Iterator[Engine]:
    """The migrated database of the tests."""
    variables = {
        chassis_settings.ENVIRONMENT_VARIABLE: settings.environment,
        chassis_settings.variable_for("database.port"): str(settings["database.port"]),
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        database_tasks.create(Context())
        database_tasks.migrate(Context())
        made = database.engine(settings)
        yield made
        made.dispose()


@pytest.fixture
def app(settings: Settings, engine: Engine) -> Iterator[Flask]:
    """The service, with empty tables."""
    tables = ", ".join(f'"{table.name}"' for table in models.METADATA.sorted_tables)
    with engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))
    made = create_app(settings)
    yield made
    made.extensions["database"].dispose()


@pytest.fixture
def bearer(settings: Settings, key: Path) -> "Bearer":
    """The headers of a caller: `client.get(path, headers=bearer("ada"))`."""
    return Bearer(settings, key)


class Bearer:
    """Makes the headers that a caller with a token sends."""

    def __init__(self, settings: Settings, key: Path) -> None:
        self._settings = settings
        self._key = key

    def __call__(self, username: str = "ada", scope: str = "") -> dict[str, str]:
        signed = token.sign(self._settings, self._key, username, scope)
        return {"Authorization": f"Bearer {signed}"}
