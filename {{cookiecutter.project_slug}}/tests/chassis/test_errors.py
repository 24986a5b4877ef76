"""Every error is JSON with the right status, and says nothing that is not the caller's business."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from invoke import Context

from {{ cookiecutter.package_name }}.chassis.settings import Settings, variable_for
from {{ cookiecutter.package_name }}.tasks import database as database_tasks
from {{ cookiecutter.package_name }}.tasks.embedded_postgres import (
    EmbeddedPostgres,
    free_port,
)

from .conftest import Make
from .probes import PLACES, SECRET

everywhere = pytest.mark.parametrize("place", PLACES)


@everywhere
@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 422, 429, 500, 501, 503, 504])
def test_an_error_is_json_with_its_status(probe: FlaskClient, place: str, status: int) -> None:
    response = probe.get(f"{place}/refuse/?status={status}")
    assert response.status_code == status
    assert response.mimetype == "application/json"
    assert response.json.keys() == {"message"}
    assert response.json["message"]


@pytest.mark.parametrize("path", ["/nowhere", "/api/nowhere/", "/admin/nowhere/", "/health"])
def test_a_path_that_leads_nowhere_is_404_as_json(probe: FlaskClient, path: str) -> None:
    response = probe.get(path)
    assert response.status_code == 404
    assert response.mimetype == "application/json"
    assert response.json["message"]


@everywhere
def test_a_wrong_method_is_405_and_told_the_right_ones(probe: FlaskClient, place: str) -> None:
    response = probe.put(f"{place}/free/")
    assert response.status_code == 405
    assert {"GET", "POST"} <= set(response.headers["Allow"].split(", "))
    assert response.json["message"]


@everywhere
def test_a_head_request_has_the_status_and_no_body(probe: FlaskClient, place: str) -> None:
    response = probe.head(f"{place}/refuse/?status=404")
    assert (response.status_code, response.data) == (404, b"")


@pytest.mark.parametrize("path", ["/admin/version", *(f"{place}/free" for place in PLACES)])
def test_a_forgotten_closing_slash_is_a_redirect(probe: FlaskClient, path: str) -> None:
    response = probe.get(path)
    assert response.status_code == 308
    assert response.headers["Location"] == f"{path}/"
    assert response.json["message"]
    assert probe.get(path, follow_redirects=True).status_code == 200


@everywhere
def test_an_address_that_is_too_long_is_414(probe: FlaskClient, place: str) -> None:
    """Of such an address uWSGI leaves out the query: a search would list everything."""
    environ = {"REQUEST_URI": f"{place}/free/?search={'x' * 8190}"}
    response = probe.get(f"{place}/free/", environ_overrides=environ)
    assert response.status_code == 414
    assert response.json["message"]


@everywhere
def test_a_query_in_another_encoding_is_400(probe: FlaskClient, place: str) -> None:
    environ = {"QUERY_STRING": "search=\xfc"}
    response = probe.get(f"{place}/free/", environ_overrides=environ)
    assert response.status_code == 400
    assert "UTF-8" in response.json["message"]


@everywhere
@pytest.mark.parametrize("testing", [True, False])
@pytest.mark.parametrize("debug", [True, False])
def test_an_unforeseen_error_hides_its_details_in_every_mode(
    probed: Flask, place: str, testing: bool, debug: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(probed.config, "TESTING", testing)
    monkeypatch.setitem(probed.config, "DEBUG", debug)
    response = probed.test_client().get(f"{place}/fail/")
    assert response.status_code == 500
    assert response.json == {"message": "Internal server error."}
    assert SECRET not in str(response.headers)


@everywhere
def test_an_unforeseen_error_is_logged_with_its_traceback(
    probe: FlaskClient, place: str, capfd: pytest.CaptureFixture[str]
) -> None:
    probe.get(f"{place}/fail/", headers={"X-Request-ID": "the-one-that-failed"})
    logged = [line for line in capfd.readouterr().out.splitlines() if "Traceback" in line]
    assert len(logged) == 1
    assert "RuntimeError" in logged[0]
    assert "the-one-that-failed" in logged[0]


@everywhere
def test_a_statement_that_takes_too_long_is_503(probe: FlaskClient, place: str) -> None:
    assert_unavailable(probe, f"{place}/linger/")


@everywhere
def test_a_connection_that_is_lost_in_a_transaction_is_503(probe: FlaskClient, place: str) -> None:
    for _ in range(20):  # more often than there are connections
        assert_unavailable(probe, f"{place}/lose/")
    assert probe.get(f"{place}/query/").status_code == 200


def test_a_statement_has_the_time_that_the_settings_say(probed: Flask, settings: Settings) -> None:
    with probed.extensions["database"].connect() as connection:
        timeout = connection.exec_driver_sql("SHOW statement_timeout").scalar()
    assert timeout == f"{settings['database.statement_timeout_seconds']}s"


def test_an_exhausted_pool_is_503(make: Make) -> None:
    app = make(database__pool_size=1, database__connect_timeout_seconds=0)
    pool = app.extensions["database"]
    with ExitStack() as stack:
        for _ in range(3):  # one, and the two that it may overflow by
            stack.enter_context(pool.connect())
        assert_unavailable(app.test_client(), "/probes/query/")
    assert app.test_client().get("/probes/query/").status_code == 200


def test_a_database_that_was_never_there_is_503(make: Make) -> None:
    """The service starts all the same: it may well be there in a moment."""
    client = make(database__host="127.0.0.1", database__port=free_port()).test_client()
    assert_unavailable(client, "/probes/query/")
    assert client.get("/health/ready").status_code == 503
    assert client.get("/health/live").status_code == 200


@pytest.fixture
def own_server(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[EmbeddedPostgres]:
    """A database server that a test may stop."""
    with (
        tempfile.TemporaryDirectory(prefix="postgres-") as folder,
        EmbeddedPostgres(Path(folder), durable=False) as server,
    ):
        monkeypatch.setenv(variable_for("database.host"), server.host)
        monkeypatch.setenv(variable_for("database.port"), str(server.port))
        database_tasks.create(Context())
        yield server


def test_a_lost_database_is_503_until_it_is_back(make: Make, own_server: EmbeddedPostgres) -> None:
    app = make(database__host=own_server.host, database__port=own_server.port)
    client, paths = app.test_client(), [f"{place}/query/" for place in PLACES]
    assert [client.get(path).status_code for path in paths] == [200, 200]
    assert client.get("/health/ready").status_code == 200

    own_server.stop()
    for path in paths:
        assert_unavailable(client, path)
    assert client.get("/health/ready").status_code == 503
    assert client.get("/health/live").status_code == 200

    with own_server:
        assert [client.get(path).status_code for path in paths] == [200, 200]
        assert client.get("/health/ready").status_code == 200


def assert_unavailable(client: FlaskClient, path: str) -> None:
    """See that a path is answered 503 in time, and that the answer is fit for a caller."""
    started = time.monotonic()
    response = client.get(path)
    assert time.monotonic() - started < 5
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    assert "database" in response.json["message"]
    assert "127.0.0.1" not in response.json["message"]
