"""The connection to PostgreSQL.

`connection()` is for a single statement, which PostgreSQL commits by itself: one round trip instead
of three. `transaction()` is for several statements that belong together.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import Any

import psycopg2
from flask import Flask, Response, current_app
from sqlalchemy import URL, Connection, Engine, Row, create_engine, event, text
from sqlalchemy.exc import (
    InterfaceError,
    InvalidatePoolError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as NoFreeConnection
from sqlalchemy.orm import DeclarativeBase

from . import health, responses
from .settings import Settings

DRIVER = "postgresql+psycopg2"

RETRY_AFTER_SECONDS = "2"

IDLE_SECONDS = 1.0
"""A connection that was last lent longer ago is asked whether it still lives."""

log = logging.getLogger(__name__)


class Base(DeclarativeBase):
    """The parent of the service's models."""


def url(settings: Settings) -> URL:
    """Return the address of the service's database."""
    return URL.create(
        DRIVER,
        username=settings["database.user"],
        password=settings["database.password"],
        host=settings["database.host"],
        port=settings["database.port"],
        database=settings["database.name"],
    )


def engine(settings: Settings, *, autocommit: bool = False) -> Engine:
    """Return an engine that notices within seconds when the database is gone.

    `autocommit` has PostgreSQL commit each statement, where no transaction is begun by hand.
    """
    statement_timeout = settings["database.statement_timeout_seconds"] * 1000
    connect_timeout = settings["database.connect_timeout_seconds"]
    made = create_engine(
        url(settings),
        pool_size=settings["database.pool_size"],
        max_overflow=2,
        pool_timeout=connect_timeout,
        # What a caller sends stays out of the errors, and so out of the logs.
        hide_parameters=True,
        isolation_level="AUTOCOMMIT" if autocommit else None,
        connect_args={
            "application_name": settings["service.name"],
            "connect_timeout": connect_timeout,
            # A peer that went silent, without closing the connection, is given up on.
            "tcp_user_timeout": statement_timeout + connect_timeout * 1000,
            "options": f"-c timezone=UTC -c statement_timeout={statement_timeout}",
        },
    )
    _replace_dead(made)
    return made


def _replace_dead(engine: Engine) -> None:
    """Have a connection that died while it was idle replaced, not handed to a request.

    SQLAlchemy's `pool_pre_ping` would ask before each request: one round trip more for all.
    """

    @event.listens_for(engine, "checkout")
    def lent(connection: Any, record: Any, proxy: Any) -> None:
        now = monotonic()
        if now - record.info.get("lent", now) > IDLE_SECONDS:
            try:
                engine.dialect.do_ping(connection)
            except psycopg2.Error as error:
                raise InvalidatePoolError from error
        record.info["lent"] = now


def init_app(app: Flask, settings: Settings) -> None:
    """Make the engine. It connects with the first request, not here: a start needs no database."""
    app.extensions["database"] = engine(settings, autocommit=True)
    for lost in (OperationalError, InterfaceError, NoFreeConnection):
        app.register_error_handler(lost, database_error)
    health.needs(app, "database", ping)


def database_error(error: Exception) -> Response:
    """Answer 503 when the database is lost, slow or full: the same request may work in a moment."""
    log.error("the database failed", exc_info=error)
    return responses.json(
        {"message": "The service cannot reach its database. Try again in a moment."},
        503,
        {"Retry-After": RETRY_AFTER_SECONDS},
    )


def connection() -> Connection:
    """Lend a connection, for a `with`, on which each statement is committed by itself."""
    pool: Engine = current_app.extensions["database"]
    return pool.connect()


@contextmanager
def transaction() -> Iterator[Connection]:
    """Lend a connection whose statements are committed together, or not at all.

    In SQL, as SQLAlchemy would have to switch the connection's mode there and back: where it is
    lost in between, the way back fails after the commit, and the connection is missing in the pool.
    """
    with connection() as lent:
        lent.exec_driver_sql("BEGIN")
        try:
            yield lent
        except BaseException:
            try:
                lent.exec_driver_sql("ROLLBACK")
            except SQLAlchemyError:
                # Of the first error is told; nobody is lent a connection in this state.
                lent.invalidate()
            raise
        lent.exec_driver_sql("COMMIT")


def as_objects(rows: Sequence[Row[*tuple[Any, ...]]]) -> list[dict[str, Any]]:
    """Return rows as what becomes objects in JSON, by the names of their columns."""
    names = [str(name) for name in rows[0]._fields] if rows else []
    return [dict(zip(names, row, strict=True)) for row in rows]


def ping() -> None:
    """Ask the database anything; raises SQLAlchemy's error where it does not answer."""
    with connection() as lent:
        lent.execute(text("SELECT 1"))
