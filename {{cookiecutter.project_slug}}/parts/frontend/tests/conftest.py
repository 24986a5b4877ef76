"""What every test can ask for: the service, with the settings of the tests."""

import os
from collections.abc import Iterator

import pytest
from flask import Flask

from {{ cookiecutter.package_name }}.app import create_app
from {{ cookiecutter.package_name }}.chassis import settings as chassis_settings
from {{ cookiecutter.package_name }}.chassis.settings import Settings

ASKED_FOR = os.environ.get(chassis_settings.ENVIRONMENT_VARIABLE, "")
ENVIRONMENT = ASKED_FOR if ASKED_FOR.startswith("tests.") else "tests.local"


@pytest.fixture(scope="session")
def settings() -> Iterator[Settings]:
    """The settings of the tests, by an environment variable: tasks that they run go by it too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(chassis_settings.ENVIRONMENT_VARIABLE, ENVIRONMENT)
        yield chassis_settings.load()


@pytest.fixture(scope="session")
def service(settings: Settings) -> Flask:
    """The service, made once for all tests."""
    return create_app(settings)


@pytest.fixture
def app(service: Flask) -> Flask:
    """The service, of which pytest-flask makes the fixture `client`."""
    return service


@pytest.fixture(autouse=True)
def _push_request_context() -> None:
    """Push none: with pytest-flask's around a test, all its requests would share one `flask.g`."""
