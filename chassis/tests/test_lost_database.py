"""A database that is slow, exhausted, lost or not there: 503 in time, and recovery."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from invoke import Context

from flask_chassis.settings import Settings, variable_for
from flask_chassis.tasks import database as database_tasks
from flask_chassis.tasks.embedded_postgres import EmbeddedPostgres
from flask_chassis.testing import free_port

from .conftest import Logged, Make
from .probes import PLACES

everywhere = pytest.mark.parametrize("place", PLACES)


def test_a_service_with_its_database_is_ready(probe: FlaskClient) -> None:
    response = probe.get("/health/ready")
    assert response.status_code == 200
    assert response.json == {"status": "ok", "checks": {"database": "ok", "token_keys": "ok"}}


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
    assert time.monotonic() - started < 15
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    assert "database" in response.json["message"]
    assert "127.0.0.1" not in response.json["message"]


def test_a_lost_database_does_not_tell_its_password(make: Make, logged: Logged) -> None:
    app = make(database__port=free_port(), database__password="hunter2")
    for path in ("/probes/query/", "/health/ready"):
        app.test_client().get(path)
    records = logged()
    assert "database error" in str(records)
    assert "not ready" in str(records)
    assert "hunter2" not in str(records)
