"""Every record is a line of JSON on standard output."""

import logging
import threading
import warnings
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from flask_chassis.exceptions import ConfigurationError
from flask_chassis.observability import log_config
from flask_chassis.settings import Settings

from ..conftest import Logged, Make


def test_the_settings_say_from_which_level_on_it_is_logged(
    make: Make, logged: Logged, settings: Settings
) -> None:
    client = make(logs__level="ERROR").test_client()
    client.get("/probes/free/")
    assert logged() == []
    client.get("/probes/fail/")
    assert [record["level"] for record in logged()] == ["ERROR"]
    log_config.configure(settings["logs.level"])


def test_a_level_that_does_not_exist_stops_the_start(make: Make) -> None:
    with pytest.raises(ConfigurationError, match=r"logs.level is 'LOUD': set one of DEBUG, INFO"):
        make(logs__level="LOUD")


def test_a_setting_that_ends_with_a_line_feed_is_named_and_not_shown(
    make: Make, logged: Logged
) -> None:
    make(database__password="hunter2\n", service__description="two\nlines\n")
    [record] = [each for each in logged() if "line feed" in each["message"]]
    assert record["level"] == "WARNING"
    assert record["message"].startswith("database.password ends with a line feed")
    assert "hunter2" not in str(record)


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
        log_config.log_uncaught(ValueError, error, error.__traceback__)
    [record] = logged()
    assert (record["level"], record["message"]) == ("CRITICAL", "ValueError: unforeseen")
    assert "Traceback" in record["exc_info"]


def test_an_interruption_is_no_error(logged: Logged) -> None:
    log_config.log_uncaught(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert logged() == []


@pytest.fixture
def _hooks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Configure the logs afresh, without pytest's own hook for what threads leave uncaught."""
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr("sys.excepthook", None)
    monkeypatch.setattr("threading.excepthook", None)
    level = root.level
    log_config.configure("WARNING")
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


def test_a_misspelt_variable_is_told_at_the_start(
    make: Make, logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILLING_DATABSE__PASSWORD", "s3cret")
    make()
    [warning] = [record for record in logged() if record["level"] == "WARNING"]
    assert "did you mean BILLING_DATABASE__PASSWORD" in warning["message"]
    assert "s3cret" not in warning["message"]
