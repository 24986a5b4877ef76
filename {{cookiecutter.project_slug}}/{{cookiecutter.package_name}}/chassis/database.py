"""The connection to PostgreSQL.

`connection()` is for a single statement, which PostgreSQL commits by itself: one round trip instead
of three. `transaction()` is for several statements that belong together.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask, current_app
from sqlalchemy import URL, Connection, Engine, create_engine, text
from sqlalchemy.orm import DeclarativeBase

from .settings import Settings

DRIVER = "postgresql+psycopg2"


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


def engine(settings: Settings) -> Engine:
    """Return an engine that notices within seconds when the database is gone."""
    statement_timeout = settings["database.statement_timeout_seconds"] * 1000
    connect_timeout = settings["database.connect_timeout_seconds"]
    return create_engine(
        url(settings),
        pool_size=settings["database.pool_size"],
        max_overflow=2,
        pool_timeout=connect_timeout,
        # A connection that died while it was idle is replaced, not handed to a request.
        pool_pre_ping=True,
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
    app.extensions["database"] = engine(settings)


@contextmanager
def connection() -> Iterator[Connection]:
    """Lend a connection on which each statement is committed by itself."""
    pool: Engine = current_app.extensions["database"]
    with pool.connect() as lent:
        yield lent.execution_options(isolation_level="AUTOCOMMIT")


@contextmanager
def transaction() -> Iterator[Connection]:
    """Lend a connection whose statements are committed together, or not at all."""
    pool: Engine = current_app.extensions["database"]
    with pool.begin() as lent:
        yield lent


def ping() -> None:
    """Ask the database anything; raises SQLAlchemy's error where it does not answer."""
    with connection() as lent:
        lent.execute(text("SELECT 1"))
