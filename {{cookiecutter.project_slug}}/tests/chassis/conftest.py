"""The chassis without the service's own part, which may be anything: probes stand in for it."""

import importlib
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import MappingProxyType, ModuleType, SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from {{ cookiecutter.package_name }} import app as application
from {{ cookiecutter.package_name }}.chassis import project_files
from {{ cookiecutter.package_name }}.chassis.settings import Settings

from . import probes

Make = Callable[..., Flask]
Load = Callable[[str], ModuleType]


@pytest.fixture(scope="session")
def make(settings: Settings, service: Flask) -> Iterator[Make]:
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
        if pool := each.extensions.get("database"):
            pool.dispose()


@pytest.fixture(scope="session")
def probed(make: Make) -> Flask:
    """The application of chassis and probes, with the settings of the tests."""
    return make()


@pytest.fixture
def probe(probed: Flask) -> FlaskClient:
    """A client of the probes, each of which is at `/<place>/<name>/`, for each of their places."""
    return probed.test_client()


@pytest.fixture
def production(settings: Settings) -> Settings:
    """The settings of the tests, in the name of production."""
    return replace(settings, environment="production.kubernetes")


@pytest.fixture
def uwsgi(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """Stand in for the module that exists within uWSGI only (tests/tasks runs the real one)."""
    listening = socket.create_server(("127.0.0.1", 0))
    module = SimpleNamespace(
        opt={
            "mule": b"metrics-on-0",
            "protocol": b"http11",
            "threads": b"4",
            "listen": b"8",
        },
        sockets=[listening.fileno()],
        connection_fd=listening.fileno,
        worker=1,
        worker_id=lambda: module.worker,
        listen_queue=lambda: 3,
        workers=lambda: [
            {"id": 1, "pid": 10, "status": b"busy", "rss": 1000, "respawn_count": 1},
            {"id": 2, "pid": 11, "status": b"idle", "rss": 2000, "respawn_count": 4},
            {"id": 3},  # not started yet
        ],
    )
    monkeypatch.setitem(sys.modules, "uwsgi", module)
    with listening:
        yield module


@pytest.fixture
def load(uwsgi: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Import a module of the chassis that can be imported within uWSGI only, for this test."""
    chassis = importlib.import_module(f"{project_files.PACKAGE.name}.chassis")
    for name in ("ending", "metrics_folder", "metrics_server", "preload"):
        monkeypatch.delattr(chassis, name, raising=False)
        monkeypatch.delitem(sys.modules, f"{chassis.__name__}.{name}", raising=False)
    return lambda name: importlib.import_module(f"{chassis.__name__}.{name}")
