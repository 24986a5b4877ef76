"""The tests run on the plugin of the package: `billing` is the service under test."""

import importlib
import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from flask_chassis import project
from flask_chassis.settings import Settings
from flask_chassis.testing import changed

from . import probes

BILLING = Path(__file__).parent / "services" / "billing"

project.use("billing", BILLING / "billing")
# For programs that tests start: the folder has the metadata of an installed distribution.
os.environ["PYTHONPATH"] = str(BILLING)

Make = Callable[..., Flask]
Load = Callable[[str], ModuleType]
Logged = Callable[[], list[dict[str, Any]]]


def use_checkout(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a folder the checkout of the service, for one test."""
    (folder / "billing").mkdir(exist_ok=True)
    (folder / "pyproject.toml").touch()
    monkeypatch.setattr(project, "_current", project.Project("billing", folder / "billing"))
    return folder


@pytest.fixture(scope="session")
def make(settings: Settings, service: Flask) -> Iterator[Make]:
    """Make a service that serves the probes, with other settings if a test asks for them."""
    from billing import app as application

    made = []

    def makes(environment: str = "", **others: Any) -> Flask:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(application, "domain", probes)
            made.append(application.create_app(changed(settings, environment, **others)))
        return made[-1]

    yield makes
    for each in made:
        each.extensions["database"].dispose()


@pytest.fixture(scope="session")
def probed(make: Make) -> Flask:
    """Return a service that serves the probes, with the settings of the tests."""
    return make()


@pytest.fixture
def probe(probed: Flask) -> FlaskClient:
    """Return a client of the probes: each is at `/<place>/<name>/`, for each of their places."""
    return probed.test_client()


@pytest.fixture
def production(settings: Settings) -> Settings:
    """Return the settings of the tests, with the name of production."""
    return replace(settings, environment="production.kubernetes")


@pytest.fixture
def uwsgi(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Provide a fake of uWSGI's module `uwsgi`; tests/tasks/test_service.py runs the real one."""
    handlers: dict[int, Callable[[int], None]] = {}
    module: SimpleNamespace = SimpleNamespace(
        opt={"mule": b"metrics-on-0"},
        numproc=2,
        cores=4,
        sockets=[],
        signals=handlers,
        register_signal=lambda number, who, handler: handlers.update({number: handler}),
        signal_wait=threading.Event().wait,
        masterpid=os.getpid,
        worker=1,
        worker_id=lambda: module.worker,
        metrics={"socket.0.listen_queue": 3},
        metric_get=lambda name: module.metrics.get(name),
        workers=lambda: [
            {"id": 1, "pid": 10, "status": b"busy", "rss": 1000, "respawn_count": 1},
            {"id": 2, "pid": 11, "status": b"idle", "rss": 2000, "respawn_count": 4},
            {"id": 3},  # not started yet
        ],
    )
    monkeypatch.setitem(sys.modules, "uwsgi", module)
    return module


ONLY_WITHIN_UWSGI = (
    "observability.metrics_folder",
    "serving.log_watch",
    "serving.metrics_server",
    "serving.preload",
    "serving.shutdown",
)


@pytest.fixture
def load(uwsgi: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Import a module that can be imported only within uWSGI: `load("serving.preload")`."""
    for name in ONLY_WITHIN_UWSGI:
        package, _, module = f"flask_chassis.{name}".rpartition(".")
        monkeypatch.delattr(importlib.import_module(package), module, raising=False)
        monkeypatch.delitem(sys.modules, f"flask_chassis.{name}", raising=False)
    return lambda name: importlib.import_module(f"flask_chassis.{name}")


@pytest.fixture
def logged(capfd: pytest.CaptureFixture[str]) -> Logged:
    """Return what was logged since the last call; every line of it must be JSON."""

    def look() -> list[dict[str, Any]]:
        captured = capfd.readouterr()
        assert captured.err == ""
        return [json.loads(line) for line in captured.out.splitlines()]

    return look
