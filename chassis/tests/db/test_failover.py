"""Failovers, with a real streaming standby behind an address that leads to one or the other."""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from invoke import Context
from werkzeug.test import TestResponse

from flask_chassis.exceptions import ConfigurationError
from flask_chassis.settings import Settings, variable_for
from flask_chassis.tasks import database as database_tasks
from flask_chassis.tasks.embedded_postgres import EmbeddedPostgres
from flask_chassis.testing import changed

from . import outage_domain
from .outage_domain import WAYS
from .servers import Address, administrate, eventually, standby_of

Serve = Callable[..., FlaskClient]

NUMBERS = (f"failover-{number}" for number in count())

needs_write = pytest.mark.parametrize("wanted", ["read-write", "primary"])


@pytest.fixture(scope="module")
def primary(settings: Settings) -> Iterator[EmbeddedPostgres]:
    """A server with the tables of the service."""
    with (
        tempfile.TemporaryDirectory(prefix="primary-") as folder,
        EmbeddedPostgres(Path(folder), durable=False) as server,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv(variable_for("database.host"), server.host)
        patch.setenv(variable_for("database.port"), str(server.port))
        database_tasks.create(Context())
        database_tasks.migrate(Context())
        yield server


@pytest.fixture
def standby(primary: EmbeddedPostgres) -> Iterator[EmbeddedPostgres]:
    """A standby of the primary."""
    with tempfile.TemporaryDirectory(prefix="standby-") as folder:
        Path(folder).chmod(0o755)
        with standby_of(primary, Path(folder) / "data") as server:
            yield server


@pytest.fixture
def address(primary: EmbeddedPostgres) -> Iterator[Address]:
    """What the service connects to. It leads to the primary."""
    with Address(primary.port) as made:
        yield made


@pytest.fixture
def serve(settings: Settings, address: Address) -> Iterator[Serve]:
    """Serve the domain, with the database behind the address."""
    from billing import app as application

    made: list[Flask] = []

    def serves(**others: Any) -> FlaskClient:
        options: dict[str, Any] = {
            "host": address.host,
            "port": address.port,
            "connect_timeout_seconds": 2,
        }
        given = {f"database__{name}": value for name, value in (options | others).items()}
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(application, "domain", outage_domain)
            made.append(application.create_app(changed(settings, **given)))
        return made[-1].test_client()

    yield serves
    for each in made:
        each.extensions["database"].dispose()


def fill_pool(client: FlaskClient, connections: int = 6) -> None:
    """Have the pool hold several connections."""
    with ThreadPoolExecutor(connections) as threads:
        clients = [client.application.test_client() for _ in range(connections)]
        pauses = threads.map(lambda each: each.get("/read/session/").status_code, clients)
        assert set(pauses) == {200}


def writes(client: FlaskClient) -> list[TestResponse]:
    """Write in each way."""
    return [client.post(f"/write/{way}/{next(NUMBERS)}/") for way in WAYS]


def reads(client: FlaskClient) -> list[int]:
    """Read in each way, and return the statuses."""
    return [client.get(f"/read/{way}/").status_code for way in WAYS]


def assert_unavailable(responses: list[TestResponse]) -> None:
    """Assert that callers are told to come again."""
    assert Counter(each.status_code for each in responses) == {503: len(responses)}
    assert all(int(each.headers["Retry-After"]) > 0 for each in responses)


@needs_write
def test_an_address_that_leads_to_the_standby_for_a_while(
    serve: Serve,
    address: Address,
    primary: EmbeddedPostgres,
    standby: EmbeddedPostgres,
    wanted: str,
) -> None:
    client = serve(target_session_attrs=wanted)
    fill_pool(client)
    assert {each.status_code for each in writes(client)} == {201}

    address.lead_to(standby.port)
    assert_unavailable(writes(client) + writes(client))
    assert client.get("/health/ready").status_code == 503
    assert client.get("/health/live").status_code == 200

    address.target = primary.port  # what leads to the standby stays open
    assert {each.status_code for each in writes(client)} == {201}
    assert client.get("/health/ready").status_code == 200


def test_the_defaults_are_for_a_service_that_writes(
    serve: Serve, address: Address, standby: EmbeddedPostgres
) -> None:
    client = serve()
    address.lead_to(standby.port)
    assert client.get("/health/ready").status_code == 503
    assert_unavailable(writes(client))


def test_a_service_that_needs_any_server_reads_from_the_standby_and_is_ready(
    serve: Serve, address: Address, primary: EmbeddedPostgres, standby: EmbeddedPostgres
) -> None:
    client = serve(target_session_attrs="any")
    fill_pool(client)
    address.lead_to(standby.port)
    eventually(lambda: reads(client) == [200, 200, 200])
    assert client.get("/health/ready").status_code == 200
    fill_pool(client)  # with connections to the standby, all of which are replaced by one failure
    address.target = primary.port
    assert_unavailable(writes(client)[:1])
    assert {each.status_code for each in writes(client)} == {201}


def test_a_standby_that_is_promoted_takes_the_writes(
    serve: Serve, address: Address, standby: EmbeddedPostgres
) -> None:
    client = serve()
    fill_pool(client)
    address.lead_to(standby.port)
    assert_unavailable(writes(client))
    administrate(standby, "SELECT pg_promote()")
    assert {each.status_code for each in writes(client)} == {201}
    assert client.get("/health/ready").status_code == 200


@pytest.fixture
def read_only(primary: EmbeddedPostgres) -> Iterator[Callable[[str], None]]:
    """Switch whether the primary refuses writes, as managed servers do when their disk is full."""

    def switch(value: str) -> None:
        administrate(primary, f"ALTER SYSTEM SET default_transaction_read_only = {value}")
        administrate(primary, "SELECT pg_reload_conf()")
        setting = "SELECT current_setting('default_transaction_read_only')"
        eventually(lambda: administrate(primary, setting) == value)

    yield switch
    administrate(primary, "ALTER SYSTEM RESET ALL")
    administrate(primary, "SELECT pg_reload_conf()")


def test_a_primary_that_becomes_read_only_under_open_connections(
    serve: Serve, read_only: Callable[[str], None]
) -> None:
    client = serve()
    fill_pool(client)
    read_only("on")
    eventually(lambda: client.get("/health/ready").status_code == 503)
    assert_unavailable(writes(client))
    read_only("off")
    assert {each.status_code for each in writes(client)} == {201}
    assert client.get("/health/ready").status_code == 200


UNAVAILABLE = ("25006", "25P03", "53100", "53200", "53300", "57P01", "57P02", "57P03", "57P05")


@pytest.mark.parametrize("state", [*UNAVAILABLE, "08006", "08P01", "58030"])
def test_errors_of_an_unavailable_server_are_503_and_their_connection_is_dropped(
    serve: Serve, state: str
) -> None:
    client = serve(pool_size=1)
    before = client.get("/backend/").json
    assert_unavailable([client.get(f"/raise/{state}/")])
    assert client.get("/backend/").json != before


@pytest.mark.parametrize("state", ["40001", "40P01", "55P03", "57014"])
def test_errors_of_a_busy_server_are_503_and_their_connection_stays(
    serve: Serve, state: str
) -> None:
    client = serve(pool_size=1)
    before = client.get("/backend/").json
    assert_unavailable([client.get(f"/raise/{state}/")])
    assert client.get("/backend/").json == before


@pytest.mark.parametrize(
    ("state", "status"), [("54001", 500), ("55006", 500), ("XX000", 500), ("54000", 400)]
)
def test_errors_that_a_repetition_does_not_mend_are_not_503(
    serve: Serve, state: str, status: int
) -> None:
    assert serve().get(f"/raise/{state}/").status_code == status


def test_a_value_that_libpq_does_not_know_is_refused_at_the_start(serve: Serve) -> None:
    with pytest.raises(ConfigurationError, match=r"target_session_attrs is 'write'.*read-write"):
        serve(target_session_attrs="write")
