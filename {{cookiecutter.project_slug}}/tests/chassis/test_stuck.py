"""A request that is stuck is logged with where it is, and its worker is ended."""

import json
import os
import signal
import threading
import time
from types import SimpleNamespace

import pytest
from flask import Flask

from {{ cookiecutter.package_name }}.chassis import stuck
from {{ cookiecutter.package_name }}.chassis.failures import StartError
from {{ cookiecutter.package_name }}.chassis.settings import Settings
from {{ cookiecutter.package_name }}.chassis.stuck import Watch

pytestmark = pytest.mark.usefixtures("service")  # with its logs


def linger(until: threading.Event) -> None:
    """Be stuck here."""
    until.wait()


def test_a_stuck_request_is_logged_with_where_it_is(capfd: pytest.CaptureFixture[str]) -> None:
    watch, end = Watch(limit=5), threading.Event()
    thread = threading.Thread(target=linger, args=[end])
    thread.start()
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/slow", "service.request_id": "order-17"}
    watch.running[thread.ident or 0] = (time.monotonic() - 7, environ)
    watch.running[1] = (time.monotonic(), {"PATH_INFO": "/quick"})
    capfd.readouterr()
    assert watch.log_stuck() == 1
    end.set()
    thread.join()
    [record] = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert record["level"] == "CRITICAL"
    assert (record["request_id"], record["method"], record["path"]) == ("order-17", "GET", "/slow")
    assert record["seconds"] == 7
    assert "linger" in record["stack"]


def test_its_worker_is_ended_at_the_next_look(monkeypatch: pytest.MonkeyPatch) -> None:
    watch, looks = Watch(limit=5), []

    def sleep(seconds: float) -> None:
        looks.append(seconds)
        if len(looks) == 3:
            watch.running[1] = (time.monotonic() - 7, {})

    def kill(pid: int, number: int) -> None:
        assert (pid, number) == (os.getpid(), signal.SIGKILL)
        raise SystemExit

    monkeypatch.setattr("time.sleep", sleep)
    monkeypatch.setattr("os.kill", kill)
    with pytest.raises(SystemExit):
        watch.forever()
    assert len(looks) == 3


@pytest.fixture
def watches(monkeypatch: pytest.MonkeyPatch) -> list[Watch]:
    """Keep the watches that are made from looking: the tests do."""
    made: list[Watch] = []
    monkeypatch.setattr(Watch, "forever", lambda self: made.append(self))
    return made


def test_every_request_is_watched_while_it_runs(
    uwsgi: SimpleNamespace, watches: list[Watch], settings: Settings
) -> None:
    uwsgi.opt["harakiri"] = b"45"
    app = Flask("probe", static_folder=None)
    seen = []

    @app.get("/")
    def view() -> str:
        seen.extend(watches[0].running.values())
        return ""

    @app.get("/fails")
    def fail() -> str:
        raise KeyboardInterrupt

    stuck.init_app(app, settings)
    client = app.test_client()
    client.get("/")
    with pytest.raises(KeyboardInterrupt):
        client.get("/fails")
    [(_, environ)] = seen
    assert environ["PATH_INFO"] == "/"
    assert watches[0].running == {}
    assert watches[0].limit < 45


def test_a_limit_that_leaves_no_time_for_a_request_is_refused(
    uwsgi: SimpleNamespace, watches: list[Watch], settings: Settings
) -> None:
    uwsgi.opt["harakiri"] = b"3"
    with pytest.raises(StartError, match="harakiri is too short: give more than 3 s"):
        stuck.init_app(Flask("probe", static_folder=None), settings)
    assert watches == []


def test_without_a_limit_nothing_is_watched(
    uwsgi: SimpleNamespace, watches: list[Watch], settings: Settings
) -> None:
    app = Flask("probe", static_folder=None)
    before = app.wsgi_app
    stuck.init_app(app, settings)
    assert app.wsgi_app == before
    assert watches == []
    assert "harakiri" not in uwsgi.opt
