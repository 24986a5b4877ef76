"""Creates SQLAlchemy engines for the service's PostgreSQL."""

from time import monotonic
from typing import Any

import psycopg2
from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DataError, InvalidatePoolError

from flask_chassis.settings import Settings

DRIVER = "postgresql+psycopg2"

IDLE_SECONDS = 1.0
"""A connection that has been idle for longer is tested before it is used again."""


def url(settings: Settings) -> URL:
    """Return the URL of the service's database, including the password."""
    return URL.create(
        DRIVER,
        username=settings["database.user"],
        password=settings["database.password"],
        host=settings["database.host"],
        port=settings["database.port"],
        database=settings["database.name"],
    )


def engine(settings: Settings, *, statement_timeout_seconds: int | None = None) -> Engine:
    """Return an engine with time-outs, which detects a lost database within seconds.

    A statement may take `database.statement_timeout_seconds`, or what the argument says; 0 is
    without limit, for migrations. The engine connects when a connection is first used.
    """
    seconds = statement_timeout_seconds
    if seconds is None:
        seconds = settings["database.statement_timeout_seconds"]
    connect_timeout = settings["database.connect_timeout_seconds"]
    created = create_engine(
        url(settings),
        pool_size=settings["database.pool_size"],
        max_overflow=2,
        pool_timeout=connect_timeout,
        # Keeps the values that callers send out of error messages, and so out of the logs.
        hide_parameters=True,
        connect_args={
            "application_name": settings["service.name"],
            "connect_timeout": connect_timeout,
            # Closes a connection whose peer no longer acknowledges what is sent, in milliseconds.
            "tcp_user_timeout": (settings["database.statement_timeout_seconds"] + connect_timeout)
            * 1000,
            "options": f"-c timezone=UTC -c statement_timeout={seconds * 1000}",
        },
    )
    _replace_lost_connections(created)
    _report_texts_that_cannot_be_sent(created)
    return created


def _replace_lost_connections(engine: Engine) -> None:
    """Replace the connections of the pool if one was lost while it was idle.

    SQLAlchemy's `pool_pre_ping` would take one more round trip for each request.
    """

    @event.listens_for(engine, "checkout")
    def check(connection: Any, record: Any, proxy: Any) -> None:
        now = monotonic()
        if now - record.info.get("used", now) > IDLE_SECONDS:
            try:
                engine.dialect.do_ping(connection)
            except psycopg2.Error as error:
                raise InvalidatePoolError from error
        record.info["used"] = now


def _report_texts_that_cannot_be_sent(engine: Engine) -> None:
    """Raise DataError for a text with NUL or half a surrogate pair.

    psycopg2 raises ValueError for these, before the statement reaches PostgreSQL. To callers they
    are values that PostgreSQL does not accept, like any other.
    """

    @event.listens_for(engine, "handle_error")
    def check(context: ExceptionContext) -> None:
        original = context.original_exception
        if isinstance(original, ValueError) and context.execution_context is not None:
            raise DataError(context.statement, None, original, hide_parameters=True) from original
