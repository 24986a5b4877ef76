"""What is logged of requests: a line of JSON each, with no secret in it."""

import json
import logging
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from {{ cookiecutter.package_name }}.chassis import logs
from {{ cookiecutter.package_name }}.chassis.failures import StartError
from {{ cookiecutter.package_name }}.chassis.settings import Settings

from .conftest import Make
from .probes import PLACES, PROBES

Logged = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def logged(capfd: pytest.CaptureFixture[str]) -> Logged:
    """Return what was logged since the last look; every line of it must be JSON."""

    def look() -> list[dict[str, Any]]:
        captured = capfd.readouterr()
        assert captured.err == ""
        return [json.loads(line) for line in captured.out.splitlines()]

    return look


@pytest.mark.parametrize("place", PLACES)
def test_a_request_is_one_line(probe: FlaskClient, logged: Logged, place: str) -> None:
    probe.get(f"{place}/free/?search=private", headers={"X-Request-ID": "order-17"})
    [record] = logged()
    assert list(record)[:4] == ["timestamp", "level", "logger", "message"]
    assert record.pop("timestamp").endswith("+00:00")
    assert record.pop("duration_ms") >= 0
    assert record == {
        "level": "INFO",
        "logger": "access",
        "message": f"GET {place}/<name>/ 200",
        "request_id": "order-17",
        "method": "GET",
        "route": f"{place}/<name>/",
        "path": f"{place}/free/",
        "status": 200,
    }


@pytest.mark.parametrize(
    ("path", "route", "status"),
    [
        ("/nowhere/", "unmatched", 404),
        ("/probes/free", "unmatched", 308),
        ("/pröbes", "unmatched", 404),
    ],
)
def test_what_matches_no_route_is_logged_as_that(
    probe: FlaskClient, logged: Logged, path: str, route: str, status: int
) -> None:
    probe.get(path)
    [record] = logged()
    assert (record["route"], record["path"], record["status"]) == (route, path, status)


def test_a_probe_that_is_answered_every_few_seconds_is_not_logged(
    probe: FlaskClient, logged: Logged, settings: Settings
) -> None:
    logs.configure("INFO")
    probe.get("/health/live")
    assert logged() == []
    logs.configure("DEBUG")
    probe.get("/health/live")
    assert [record["path"] for record in logged()] == ["/health/live"]
    logs.configure(settings["logs.level"])


def test_the_settings_say_from_which_level_on_it_is_logged(
    make: Make, logged: Logged, settings: Settings
) -> None:
    client = make(logs__level="ERROR").test_client()
    client.get("/probes/free/")
    assert logged() == []
    client.get("/probes/fail/")
    assert [record["level"] for record in logged()] == ["ERROR"]
    logs.configure(settings["logs.level"])


def test_a_level_that_does_not_exist_stops_the_start(make: Make) -> None:
    with pytest.raises(StartError, match=r"logs.level is 'LOUD': give one of DEBUG, INFO"):
        make(logs__level="LOUD")


@pytest.mark.parametrize("place", PLACES)
def test_no_secret_is_logged_whatever_is_answered(
    probe: FlaskClient, capfd: pytest.CaptureFixture[str], place: str
) -> None:
    # pragma: allowlist nextline secret
    token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJlLW9mLWEtdG9rZW4"
    headers = {"Authorization": f"Bearer {token}"}
    query = {"password": "hunter2", "token": token, "search": "private", "status": "418"}
    for name in (*PROBES, "none"):
        probe.post(
            f"{place}/{name}/",
            query_string=query,
            headers=headers | {"Cookie": "session=hunter2"},
            json={"password": "hunter2"},
        )
        probe.get(f"{place}/{name}/", headers={"Authorization": f"Bearer {token[:-1]}"})
    captured = capfd.readouterr()
    assert len(captured.out.splitlines()) >= 2 * len(PROBES)
    for secret in ("hunter2", token[:20], token[-20:], "private", "s3cret"):
        assert secret not in captured.out + captured.err


def test_what_other_code_logs_in_a_request_is_tied_to_it(
    probe: FlaskClient, logged: Logged
) -> None:
    probe.get("/probes/fail/", headers={"X-Request-ID": "order-17"})
    error, access = logged()
    assert error["message"] == "unexpected error"
    assert "RuntimeError" in error["exc_info"]
    assert error["request_id"] == access["request_id"] == "order-17"


def test_what_nothing_caught_is_logged(logged: Logged) -> None:
    try:
        raise ValueError("unforeseen")
    except ValueError as error:
        logs.log_uncaught(ValueError, error, error.__traceback__)
    [record] = logged()
    assert (record["level"], record["message"]) == ("CRITICAL", "ValueError: unforeseen")
    assert "Traceback" in record["exc_info"]


def test_an_interruption_is_no_error(logged: Logged) -> None:
    logs.log_uncaught(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert logged() == []


@pytest.fixture
def _hooks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Configure the logs afresh, without pytest's own hook for what threads leave uncaught."""
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr("sys.excepthook", None)
    monkeypatch.setattr("threading.excepthook", None)
    level = root.level
    logs.configure("WARNING")
    yield
    root.setLevel(level)


@pytest.mark.usefixtures("_hooks")
def test_what_a_thread_does_not_catch_is_logged(logged: Logged) -> None:
    thread = threading.Thread(target=lambda: 1 / 0)
    thread.start()
    thread.join()
    [record] = logged()
    assert record["message"] == "ZeroDivisionError: division by zero"


@pytest.mark.usefixtures("_hooks")
def test_a_warning_is_logged(logged: Logged) -> None:
    # pytest has put its own hook for warnings in the place of the one that was set before.
    logging.captureWarnings(capture=False)
    logging.captureWarnings(capture=True)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("mind this", UserWarning, stacklevel=1)
    [record] = logged()
    assert "mind this" in record["message"]
    assert (record["level"], record["logger"]) == ("WARNING", "py.warnings")
