"""The probes of the process and of what it needs."""

from flask.testing import FlaskClient

from flask_chassis.observability import health

from ..conftest import Make


def fail() -> None:
    """Miss something."""
    raise OSError("it is not there")


def test_a_process_that_answers_is_alive(probe: FlaskClient) -> None:
    response = probe.get("/health/live")
    assert (response.status_code, response.json) == (200, {"status": "ok"})


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
