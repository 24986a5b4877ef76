"""The probes of the process and of what it needs."""

import pytest
from flask.testing import FlaskClient

from flask_chassis.observability import health, log_config

from ..conftest import Make


def fail() -> None:
    """Miss something."""
    raise OSError("it is not there")


def test_a_process_that_answers_is_alive(probe: FlaskClient) -> None:
    response = probe.get("/health/live")
    assert (response.status_code, response.json) == (200, {"status": "ok"})


def test_a_process_whose_log_lines_nobody_reads_for_long_is_not_alive(
    probe: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_config, "seconds_unread", lambda: 299.0)
    assert probe.get("/health/live").status_code == 200
    monkeypatch.setattr(log_config, "seconds_unread", lambda: 301.0)
    response = probe.get("/health/live")
    assert response.status_code == 503
    assert response.json["checks"] == {"standard output": "not read for 301 s"}


def test_without_something_vital_a_service_is_not_ready(make: Make) -> None:
    app = make()
    health.needs(app, "planted", fail)
    response = app.test_client().get("/health/ready")
    assert response.status_code == 503
    assert response.json["status"] == "unavailable"
    assert response.json["checks"]["planted"] == "unreachable"
    assert app.test_client().get("/health/live").status_code == 200


def test_without_the_rest_it_is_ready_and_says_what_is_missing(make: Make) -> None:
    app = make()
    health.needs(app, "planted", fail, is_vital=False)
    response = app.test_client().get("/health/ready")
    assert (response.status_code, response.json["status"]) == (200, "ok")
    assert response.json["checks"]["planted"] == "unreachable"
