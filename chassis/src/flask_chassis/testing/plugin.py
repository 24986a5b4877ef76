"""The pytest plugin: fixtures that run the service under test, on PostgreSQL if it uses a database.

`settings` (session): the settings of `tests.local`, or of another `tests.*` environment.
`engine` (session): an SQLAlchemy engine of the migrated database.
`service` (session): the application, `<package>.app.create_app(settings)`.
`app`: the application with empty tables; fails a test for responses that are not documented.
`client`: a test client of `app`, from pytest-flask.
`bearer` (session): makes the `Authorization` header of a caller.
`key` (session): a private key; the service accepts tokens that it signs.
`other_key` (session): a private key that the service does not know.
`service_code` (session): what the checks of `flask_chassis.testing.guards` look at.

The settings decide what a service has: one that declares no `database.host` runs without
PostgreSQL, one that declares no `tokens.public_keys_folder` without keys. The plugin imports
neither Flask nor SQLAlchemy before a test asks for a fixture.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from flask_chassis.testing.tokens import Bearer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask
    from sqlalchemy import Engine

    from flask_chassis.settings import Settings
    from flask_chassis.testing.guards import ServiceCode
    from flask_chassis.testing.openapi import ResponseRecorder

EMBEDDED = "tests.local"
"""The environment in which the tests start a PostgreSQL of their own."""


@pytest.fixture(scope="session")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the path of a private key; the service accepts tokens that it signs."""
    from flask_chassis.tasks import keys

    return keys.write_pair(tmp_path_factory.mktemp("keys"), "tests", bits=2048)


@pytest.fixture(scope="session")
def other_key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the path of a private key that the service does not know."""
    from flask_chassis.tasks import keys

    return keys.write_pair(tmp_path_factory.mktemp("stranger"), "other", bits=2048)


@pytest.fixture(scope="session")
def settings(request: pytest.FixtureRequest) -> Iterator[Settings]:
    """Return the settings of the tests, which tasks read too: they are in environment variables.

    The tests empty tables. An environment other than `tests.*` is therefore ignored, even if the
    shell sets its variable.
    """
    from flask_chassis import settings as chassis_settings

    variable = chassis_settings.environment_variable()
    asked_for = os.environ.get(variable, "")
    environment = asked_for if asked_for.startswith("tests.") else EMBEDDED
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setenv(variable, environment)
        declared = chassis_settings.declared_in(environment)
        supplied: dict[str, object] = {}
        if "tokens.public_keys_folder" in declared:
            folder = request.getfixturevalue("key").parent
            supplied["tokens.public_keys_folder"] = folder.parent / "public"
            supplied["tokens.keys_url"] = ""
            if "tokens.private_keys_folder" in declared:
                supplied["tokens.private_keys_folder"] = folder
        if "database.host" in declared:
            if environment == EMBEDDED:
                host, port = stack.enter_context(_postgres())
                supplied |= {"database.host": host, "database.port": port}
            elif worker := os.environ.get("PYTEST_XDIST_WORKER"):
                name = chassis_settings.load(environment)["database.name"]
                supplied["database.name"] = f"{name}_{worker}"
        for name, value in supplied.items():
            patch.setenv(chassis_settings.variable_for(name), str(value))
        yield chassis_settings.load()


@pytest.fixture(scope="session")
def engine(settings: Settings) -> Iterator[Engine]:
    """Return an engine of the service's database, which its migrations have brought up to date."""
    if not _has_database(settings):
        pytest.fail("The fixture `engine` needs a database: settings.yaml declares none.")
    from invoke import Context

    from flask_chassis.db import database
    from flask_chassis.tasks import database as database_tasks

    database_tasks.create(Context())
    database_tasks.migrate(Context())
    made = database.engine(settings)
    yield made
    made.dispose()


@pytest.fixture(scope="session")
def service(settings: Settings, request: pytest.FixtureRequest) -> Iterator[Flask]:
    """Return the application, created once for all tests. `app` is the same with empty tables."""
    from flask_chassis import project

    if _has_database(settings):
        request.getfixturevalue("engine")
    made: Flask = import_module(f"{project.package()}.app").create_app(settings)
    yield made
    if pool := made.extensions.get("database"):
        pool.dispose()


@pytest.fixture(scope="session")
def recorder(service: Flask) -> ResponseRecorder | None:
    """Record the responses of the service, if it has an OpenAPI document to compare them with."""
    from flask_chassis.testing import openapi

    return openapi.ResponseRecorder(service) if openapi.has_document(service) else None


@pytest.fixture
def app(
    service: Flask,
    settings: Settings,
    recorder: ResponseRecorder | None,
    request: pytest.FixtureRequest,
) -> Iterator[Flask]:
    """Return the application with empty tables; fail the test for an undocumented response."""
    if _has_database(settings):
        from flask_chassis.testing.database import empty_tables

        empty_tables(request.getfixturevalue("engine"))
    yield service
    if recorder and (undocumented := recorder.take_undocumented()):
        answers = "\n".join(f"  {method} {path}: {code}" for method, path, code in undocumented)
        pytest.fail(
            "The OpenAPI document does not describe these responses. Document them "
            f'in the errors of @operation: errors={{<status>: "<meaning>"}}:\n{answers}',
            pytrace=False,
        )


@pytest.fixture(scope="session")
def bearer(settings: Settings, key: Path) -> Bearer:
    """Make the header of a caller: `client.get(path, headers=bearer("ada", scope="admin"))`."""
    return Bearer(settings, key)


@pytest.fixture(scope="session")
def service_code(request: pytest.FixtureRequest) -> ServiceCode:
    """Return the service's code for the checks of `flask_chassis.testing.guards`."""
    from flask_chassis.testing.guards import ServiceCode

    return ServiceCode.of_project(request.getfixturevalue)


class RequestContexts:
    """Turns off pytest-flask's request context around each test, in tests of a service.

    All requests of a test would share one `flask.g` with it. In environments without a service,
    pytest-flask still pushes its context.
    """

    @pytest.fixture(autouse=True)
    def _push_request_context(self, request: pytest.FixtureRequest) -> None:
        if "app" in request.fixturenames and not _is_service():
            request.getfixturevalue("_push_request_context")


def pytest_configure(config: pytest.Config) -> None:
    """Register the fixture after those of pytest-flask, whichever plugin pytest loads first."""
    if config.pluginmanager.has_plugin("flask"):
        config.pluginmanager.register(RequestContexts(), "flask_chassis_request_contexts")


def _is_service() -> bool:
    from flask_chassis import project
    from flask_chassis.exceptions import ConfigurationError

    try:
        project.current()
    except ConfigurationError:
        return False
    return True


def _has_database(settings: Settings) -> bool:
    return "database.host" in settings.values


@contextmanager
def _postgres() -> Iterator[tuple[str, int]]:
    """Start a PostgreSQL whose data lives in a temporary folder; yield its host and port."""
    from invoke import Exit

    from flask_chassis.tasks.embedded_postgres import EmbeddedPostgres

    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="postgres-"))
        try:
            server = stack.enter_context(EmbeddedPostgres(Path(folder), durable=False))
        except Exit as error:
            # The message says what to do. A traceback for each test would hide it.
            pytest.fail(str(error.message), pytrace=False)
        yield server.host, server.port
