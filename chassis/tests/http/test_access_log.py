"""Each request is logged as one line, with no secret in it."""

import pytest
from flask.testing import FlaskClient

from flask_chassis.observability import log_config
from flask_chassis.settings import Settings

from ..conftest import Logged
from ..probes import PLACES, PROBES


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


def test_a_method_that_is_long_is_cut_off(probe: FlaskClient, logged: Logged) -> None:
    probe.open("/probes/free/", method="X" * 20_000)
    [record] = logged()
    assert record["method"] == "X" * 20
    assert record["message"] == f"{record['method']} {record['route']} 405"


def test_a_probe_that_is_answered_every_few_seconds_is_not_logged(
    probe: FlaskClient, logged: Logged, settings: Settings
) -> None:
    log_config.configure("INFO")
    probe.get("/health/live")
    assert logged() == []
    log_config.configure("DEBUG")
    probe.get("/health/live")
    assert [record["path"] for record in logged()] == ["/health/live"]
    log_config.configure(settings["logs.level"])


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
