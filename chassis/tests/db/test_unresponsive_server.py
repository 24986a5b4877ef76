"""A server that hangs: suspended, with all of its processes, it keeps connections and is silent."""

import io
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from flask import Flask
from flask.testing import FlaskClient
from invoke import Context
from sqlalchemy import text

from flask_chassis.db import database, engines
from flask_chassis.db.time_limit import time_limit
from flask_chassis.settings import Settings, variable_for
from flask_chassis.tasks import database as database_tasks
from flask_chassis.tasks.embedded_postgres import EmbeddedPostgres
from flask_chassis.testing import changed

from . import outage_domain
from .outage_domain import WAYS
from .servers import Address, suspended

Serve = Callable[..., FlaskClient]

STATEMENT_SECONDS = 1
CONNECT_SECONDS = 1
NOISE_SECONDS = 4
"""How much later than promised a busy machine may be."""


@pytest.fixture(scope="module")
def server(settings: Settings) -> Iterator[EmbeddedPostgres]:
    """A server with the tables of the service."""
    with (
        tempfile.TemporaryDirectory(prefix="suspended-") as folder,
        EmbeddedPostgres(Path(folder), durable=False) as started,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv(variable_for("database.host"), started.host)
        patch.setenv(variable_for("database.port"), str(started.port))
        database_tasks.create(Context())
        database_tasks.migrate(Context())
        yield started


@pytest.fixture
def bounded(settings: Settings, server: EmbeddedPostgres) -> Settings:
    """The settings of a service with short time-outs."""
    return changed(
        settings,
        database__host=server.host,
        database__port=server.port,
        database__statement_timeout_seconds=STATEMENT_SECONDS,
        database__connect_timeout_seconds=CONNECT_SECONDS,
    )


@pytest.fixture
def serve(bounded: Settings) -> Iterator[Serve]:
    """Serve the domain."""
    from billing import app as application

    made: list[Flask] = []

    def serves(**others: Any) -> FlaskClient:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(application, "domain", outage_domain)
            made.append(application.create_app(changed(bounded, **others)))
        return made[-1].test_client()

    yield serves
    for each in made:
        each.extensions["database"].dispose()


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Assert that the block takes no longer."""
    started = time.monotonic()
    yield
    assert time.monotonic() - started < seconds + NOISE_SECONDS


@pytest.mark.parametrize("way", WAYS)
def test_requests_are_503_in_time_and_served_again(
    serve: Serve, server: EmbeddedPostgres, way: str
) -> None:
    client = serve()
    assert client.get(f"/read/{way}/").status_code == 200
    with suspended(server):
        # On a connection that was used a moment ago, which is not tested before it is used.
        with within(STATEMENT_SECONDS + CONNECT_SECONDS):
            found = client.get(f"/read/{way}/")
        assert (found.status_code, int(found.headers["Retry-After"]) > 0) == (503, True)
        with within(CONNECT_SECONDS):
            assert client.post(f"/write/{way}/hangs-{way}/").status_code == 503
    assert client.post(f"/write/{way}/after-{way}/").status_code == 201


def test_a_connection_that_was_idle_is_tested_no_longer_than_connecting_takes(
    serve: Serve, server: EmbeddedPostgres
) -> None:
    client = serve(database__statement_timeout_seconds=60)
    assert client.get("/read/session/").status_code == 200
    time.sleep(engines.IDLE_SECONDS + 0.1)
    with suspended(server), within(2 * CONNECT_SECONDS):
        assert client.get("/read/session/").status_code == 503


def test_readiness_answers_in_time(serve: Serve, server: EmbeddedPostgres) -> None:
    client = serve(database__statement_timeout_seconds=60)
    assert client.get("/health/ready").status_code == 200
    with suspended(server):
        for _ in range(2):
            with within(2 * CONNECT_SECONDS):
                assert client.get("/health/ready").status_code == 503
        assert client.get("/health/live").status_code == 200
    assert client.get("/health/ready").status_code == 200


def test_all_that_wait_are_told_at_once(serve: Serve, server: EmbeddedPostgres) -> None:
    client = serve()
    clients = [client.application.test_client() for _ in range(8)]
    with ThreadPoolExecutor(len(clients)) as threads:
        list(threads.map(lambda each: each.get("/read/session/"), clients))
        with suspended(server), within(STATEMENT_SECONDS + 2 * CONNECT_SECONDS):
            found = list(threads.map(lambda each: each.get("/read/session/"), clients))
    assert {each.status_code for each in found} == {503}


def _commit(connection: Any) -> Callable[[], object]:
    connection.cursor().execute("INSERT INTO bills SELECT * FROM bills WHERE false")
    return connection.commit  # type: ignore[no-any-return]


def _rollback(connection: Any) -> Callable[[], object]:
    connection.cursor().execute("SELECT 1")
    return connection.rollback  # type: ignore[no-any-return]


def _fetch(connection: Any) -> Callable[[], object]:
    cursor = connection.cursor("named")
    cursor.itersize = 1
    cursor.execute("SELECT * FROM generate_series(1, 9)")
    return cursor.fetchall  # type: ignore[no-any-return]


def _copy(connection: Any) -> Callable[[], object]:
    cursor = connection.cursor()
    return lambda: cursor.copy_expert("COPY (SELECT 1) TO STDOUT", io.StringIO())


def _many(connection: Any) -> Callable[[], object]:
    cursor = connection.cursor()
    return lambda: cursor.executemany("SELECT %s", [(1,), (2,)])


def test_whatever_waits_for_the_server_ends(bounded: Settings, server: EmbeddedPostgres) -> None:
    """All at the same time, each on a connection of its own."""
    engine = engines.engine(bounded)
    ways = (_commit, _rollback, _fetch, _copy, _many)
    with ExitStack() as stack:
        connections = [stack.enter_context(closing(engine.raw_connection())) for _ in ways]
        waits = [way(each.driver_connection) for way, each in zip(ways, connections, strict=True)]
        with (
            ThreadPoolExecutor(len(waits)) as threads,
            suspended(server),
            within(STATEMENT_SECONDS + CONNECT_SECONDS),
        ):
            errors = [each.exception() for each in [threads.submit(wait) for wait in waits]]
        for connection in connections:
            connection.invalidate()
    engine.dispose()
    ended = {
        way.__name__: isinstance(e, psycopg2.Error) for way, e in zip(ways, errors, strict=True)
    }
    assert ended == {way.__name__: True for way in ways}


def test_a_slow_statement_is_left_to_the_server(serve: Serve) -> None:
    """PostgreSQL cancels it, and the connection stays."""
    app = serve().application
    with app.app_context(), database.autocommit() as connection:
        before = connection.scalar(text("SELECT pg_backend_pid()"))
        with pytest.raises(Exception, match="statement timeout"):
            connection.execute(text("SELECT pg_sleep(30)"))
        assert connection.scalar(text("SELECT pg_backend_pid()")) == before


def test_many_statements_in_one_call_have_the_time_of_each(bounded: Settings) -> None:
    """Together they take longer than one may."""
    engine = engines.engine(bounded)
    pauses = [(STATEMENT_SECONDS / 2,)] * 5
    assert sum(pause for (pause,) in pauses) > STATEMENT_SECONDS + CONNECT_SECONDS
    with closing(engine.raw_connection()) as connection:
        connection.cursor().executemany("SELECT pg_sleep(%s)", pauses)
    engine.dispose()


def test_a_time_limit_that_is_longer_than_the_usual_one_is_kept(serve: Serve) -> None:
    app = serve()
    with (
        app.application.app_context(),
        database.session() as session,
        time_limit(session, 30) as limit,
    ):
        limit.execute(text(f"SELECT pg_sleep({STATEMENT_SECONDS + CONNECT_SECONDS + 1})"))


def test_a_task_without_time_limit_may_wait(bounded: Settings) -> None:
    engine = engines.engine(bounded, statement_timeout_seconds=0)
    with engine.connect() as connection:
        connection.execute(text(f"SELECT pg_sleep({STATEMENT_SECONDS + CONNECT_SECONDS + 1})"))
    engine.dispose()


def test_of_several_hosts_one_that_hangs_is_passed_over(
    serve: Serve, server: EmbeddedPostgres
) -> None:
    """As after the failover of a server that hangs: the clients know both."""
    with (
        tempfile.TemporaryDirectory(prefix="hanging-") as folder,
        EmbeddedPostgres(Path(folder), durable=False) as hanging,
        Address(hanging.port, host="127.0.0.2", port=server.port) as address,
        suspended(hanging),
    ):
        client = serve(database__host=f"{address.host},{server.host}")
        with within(CONNECT_SECONDS):
            assert client.get("/read/session/").status_code == 200
