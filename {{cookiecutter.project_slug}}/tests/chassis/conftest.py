"""The chassis without the service's own part, which may be anything: probes stand in for it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from {{ cookiecutter.package_name }} import app as application
from {{ cookiecutter.package_name }}.chassis.settings import Settings
from {{ cookiecutter.package_name }}.tasks import keys

from . import probes

Make = Callable[..., Flask]


@pytest.fixture(scope="session")
def make(settings: Settings, engine: Engine) -> Iterator[Make]:
    """Make an application of the chassis and the probes, with other settings where a test asks."""
    made = []

    def makes(environment: str = settings.environment, **others: Any) -> Flask:
        values = dict(settings.values) | {
            key.replace("__", "."): value for key, value in others.items()
        }
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(application, "domain", probes)
            made.append(application.create_app(Settings(environment, MappingProxyType(values))))
        return made[-1]

    yield makes
    for each in made:
        each.extensions["database"].dispose()


@pytest.fixture(scope="session")
def probed(make: Make) -> Flask:
    """The application of chassis and probes, with the settings of the tests."""
    return make()


@pytest.fixture
def probe(probed: Flask) -> FlaskClient:
    """A client of the probes, each of which is at `/probes/<name>/` and `/api/probes/<name>/`."""
    return probed.test_client()


@pytest.fixture
def production(settings: Settings) -> Settings:
    """The settings of the tests, in the name of production."""
    return replace(settings, environment="production.kubernetes")


@pytest.fixture(scope="session")
def other_key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The private key of a stranger."""
    return keys.write_pair(tmp_path_factory.mktemp("stranger"), "other", bits=2048)
