"""The connection to PostgreSQL.

`connection()` is for a single statement, which PostgreSQL commits by itself: one round trip instead
of three. `transaction()` is for several statements that belong together.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask, Response, current_app
from sqlalchemy import URL, Connection, Engine, create_engine, text
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoFreeConnection
from sqlalchemy.orm import DeclarativeBase

from . import health, responses
from .settings import Settings

DRIVER = "postgresql+psycopg2"

RETRY_AFTER_SECONDS = "2"

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
    return create_engine(
        url(settings),
        pool_size=settings["database.pool_size"],
        max_overflow=2,
        pool_timeout=connect_timeout,
        # A connection that died while it was idle is replaced, not handed to a request.
        pool_pre_ping=True,
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


@contextmanager
def connection() -> Iterator[Connection]:
    """Lend a connection on which each statement is committed by itself."""
    pool: Engine = current_app.extensions["database"]
    with pool.connect() as lent:
        yield lent


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


def ping() -> None:
    """Ask the database anything; raises SQLAlchemy's error where it does not answer."""
    with connection() as lent:
        lent.execute(text("SELECT 1"))
