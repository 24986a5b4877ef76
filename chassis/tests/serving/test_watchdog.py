"""The request watchdog logs the stack of a request that exceeds its limit and kills its worker."""

import json
import os
import signal
import threading
import time
from types import SimpleNamespace
from wsgiref.types import WSGIEnvironment

import pytest

from flask_chassis.exceptions import ConfigurationError
from flask_chassis.serving import watchdog
from flask_chassis.serving.watchdog import Running, Watchdog

from ..clock import time_with
from ..conftest import Make

pytestmark = pytest.mark.usefixtures("service")  # with its logs


def linger(until: threading.Event) -> None:
    """Block the thread."""
    until.wait()


def test_a_request_that_exceeds_the_limit_is_logged_with_its_stack(
    capfd: pytest.CaptureFixture[str],
) -> None:
    end = threading.Event()
    thread = threading.Thread(target=linger, args=[end])
    thread.start()
    now = time.perf_counter()
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/slow", "service.request_id": "order-17"}
    running: Running = {thread.ident or 0: (now - 7, environ), 1: (now, {"PATH_INFO": "/quick"})}
    capfd.readouterr()
    assert Watchdog(running, limit=5).log_overdue() == 1
    end.set()
    thread.join()
    [record] = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert record["level"] == "CRITICAL"
    assert (record["request_id"], record["method"], record["path"]) == ("order-17", "GET", "/slow")
    assert record["seconds"] == 7
    assert "linger" in record["stack"]


def test_the_next_check_kills_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    running: Running = {}
    checks = []

    def sleep(seconds: float) -> None:
        checks.append(seconds)
        if len(checks) == 3:
            running[1] = (time.perf_counter() - 7, {})

    killed = []

    def kill(pid: int, number: int) -> None:
        assert pid == os.getpid()
        killed.append(number)
        if number == signal.SIGKILL:
            raise SystemExit

    monkeypatch.setattr(watchdog, "time", time_with(sleep=sleep))
    monkeypatch.setattr("os.kill", kill)
    with pytest.raises(SystemExit):
        Watchdog(running, limit=5).run()
    assert len(checks) == 3
    assert killed == [signal.SIGHUP, signal.SIGKILL]


def test_the_other_requests_of_the_worker_may_end_for_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    running: Running = {1: (0, {}), 2: (0, {}), 3: (0, {})}
    ending = time_with(sleep=lambda seconds: running.pop(max(running), None))
    monkeypatch.setattr(watchdog, "time", ending)
    Watchdog(running, limit=5).drain(1)
    assert list(running) == [1]
    running |= {2: (0, {})}
    monkeypatch.undo()
    monkeypatch.setattr(watchdog, "DRAIN_SECONDS", 0.1)
    Watchdog(running, limit=5).drain(1)
    assert len(running) == 2


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Watchdog]:
    """The watchdogs that were started; their threads do nothing."""
    watchdogs: list[Watchdog] = []
    monkeypatch.setattr(Watchdog, "run", lambda self: watchdogs.append(self))
    return watchdogs


def test_the_watchdog_checks_every_running_request(
    uwsgi: SimpleNamespace, started: list[Watchdog], make: Make
) -> None:
    uwsgi.opt["harakiri"] = b"45"
    app = make()
    [of_app] = started
    running = of_app._running
    seen: list[tuple[float, WSGIEnvironment]] = []

    @app.before_request
    def look() -> None:
        seen.extend(running.values())

    @app.teardown_request
    def fail(error: BaseException | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        app.test_client().get("/probes/free/")
    [(_, environ)] = seen
    assert environ["PATH_INFO"] == "/probes/free/"
    assert running == {}
    assert of_app.limit < 45


def test_a_harakiri_that_is_too_short_is_rejected(
    uwsgi: SimpleNamespace, started: list[Watchdog]
) -> None:
    uwsgi.opt["harakiri"] = b"3"
    with pytest.raises(
        ConfigurationError,
        match=r"^harakiri is too short \(3 s\): set more than 3 s",
    ):
        watchdog.start(uwsgi)
    assert started == []


def test_no_watchdog_runs_without_harakiri_or_uwsgi(
    uwsgi: SimpleNamespace, started: list[Watchdog]
) -> None:
    assert "harakiri" not in uwsgi.opt
    assert watchdog.start(uwsgi) == {}
    assert watchdog.start(None) == {}
    assert started == []
