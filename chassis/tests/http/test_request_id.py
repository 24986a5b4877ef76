"""One identifier for each request, in the answer and in every line that is logged meanwhile."""

import json
import re

import pytest
from flask.testing import FlaskClient

from flask_chassis.http import request_id

from ..probes import FAILURES, PLACES


@pytest.mark.parametrize("given", ["a", "order-17", "A.b_c-9", "x" * 64])
def test_a_callers_identifier_is_kept(probe: FlaskClient, given: str) -> None:
    response = probe.get("/probes/free/", headers={"X-Request-ID": given})
    assert response.headers["X-Request-ID"] == given


@pytest.mark.parametrize(
    "given",
    [
        "",
        " ",
        "x" * 65,
        "a b",
        "a;b",
        "a/b",
        "é",
        "\xa0",
        "\x00",
        "a\r\nSet-Cookie: b=c",
        "a\n",
        '"',
    ],
)
def test_any_other_identifier_is_replaced(probe: FlaskClient, given: str) -> None:
    response = probe.get("/probes/free/", environ_overrides={"HTTP_X_REQUEST_ID": given})
    made = response.headers["X-Request-ID"]
    assert made != given
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,64}", made)
    assert "Set-Cookie" not in response.headers


def test_every_request_gets_one_of_its_own(probe: FlaskClient) -> None:
    made = {probe.get("/probes/free/").headers["X-Request-ID"] for _ in range(10)}
    assert len(made) == 10


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("path", [*(f"{name}/?status=404" for name in FAILURES), "free", "no/no"])
def test_an_error_carries_it_too(probe: FlaskClient, place: str, path: str) -> None:
    response = probe.get(f"{place}/{path}", headers={"X-Request-ID": "order-17"})
    assert response.headers["X-Request-ID"] == "order-17"


def test_every_line_that_is_logged_carries_it(
    probe: FlaskClient, capfd: pytest.CaptureFixture[str]
) -> None:
    probe.get("/probes/fail/", headers={"X-Request-ID": "order-17"})
    logged = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert len(logged) == 2
    assert {record["request_id"] for record in logged} == {"order-17"}


def test_outside_a_request_there_is_none() -> None:
    assert request_id.current() is None
