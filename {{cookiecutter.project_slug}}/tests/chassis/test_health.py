"""The probes of the process and of what it needs. With a lost database: see test_errors.py."""

from flask.testing import FlaskClient


def test_a_process_that_answers_is_alive(probe: FlaskClient) -> None:
    response = probe.get("/health/live")
    assert (response.status_code, response.json) == (200, {"status": "ok"})


def test_a_service_with_its_database_is_ready(probe: FlaskClient) -> None:
    response = probe.get("/health/ready")
    assert response.status_code == 200
    assert response.json == {"status": "ok", "checks": {"database": "ok"}}
