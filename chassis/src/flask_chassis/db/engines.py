"""Creates SQLAlchemy engines for the service's PostgreSQL."""

import math
from functools import partial
from time import monotonic
from typing import Any

import psycopg2
from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DataError, DBAPIError, InvalidatePoolError

from flask_chassis.db import libpq_variables
from flask_chassis.db.client_timeout import BoundedConnection, BoundedCursor
from flask_chassis.db.sqlstate import is_unavailable, sqlstate
from flask_chassis.db.target_server import WRITABLE, target_session_attrs
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

    The server enforces this limit. If it does not answer at all, the connection is closed
    `database.connect_timeout_seconds` later: see `flask_chassis.db.client_timeout`.
    """
    libpq_variables.ignore(settings["database.host"])
    seconds = statement_timeout_seconds
    if seconds is None:
        seconds = settings["database.statement_timeout_seconds"]
    connect_timeout = settings["database.connect_timeout_seconds"]
    wanted = target_session_attrs(settings)
    has_several_hosts = "," in settings["database.host"]
    created = create_engine(
        url(settings),
        pool_size=settings["database.pool_size"],
        max_overflow=2,
        pool_timeout=connect_timeout,
        # Keeps the values that callers send out of error messages, and so out of the logs.
        hide_parameters=True,
        connect_args={
            "connection_factory": partial(
                BoundedConnection,
                limit=seconds + connect_timeout if seconds else math.inf,
                connect_limit=connect_timeout,
            ),
            "cursor_factory": BoundedCursor,
            "application_name": settings["service.name"],
            "connect_timeout": connect_timeout,
            # libpq chooses among several hosts by this.
            "target_session_attrs": wanted
            if has_several_hosts or wanted not in WRITABLE
            else "any",
            # Closes a connection whose peer no longer acknowledges what is sent, in milliseconds.
            "tcp_user_timeout": (settings["database.statement_timeout_seconds"] + connect_timeout)
            * 1000,
            "options": f"-c timezone=UTC -c statement_timeout={seconds * 1000}",
        },
    )
    if wanted in WRITABLE:
        _refuse_read_only_servers(created, connect_timeout)
    _replace_lost_connections(created, connect_timeout)
    _drop_connections_to_unavailable_servers(created)
    _report_texts_that_cannot_be_sent(created)
    return created


def _refuse_read_only_servers(engine: Engine, limit: float) -> None:
    """Close a new connection to a server that does not accept writes, and raise OperationalError.

    libpq believes what it reads while connecting (`in_hot_standby`). PgBouncer answers for the
    server that it connected to first, long after a failover. So ask the server.
    """

    @event.listens_for(engine, "connect")
    def check(connection: Any, record: Any) -> None:
        with connection.limited_to(limit), connection.cursor() as cursor:
            connection.autocommit = True
            cursor.execute("SHOW transaction_read_only")
            [value] = cursor.fetchone()
            connection.autocommit = False
        if value == "on":
            connection.close()
            raise psycopg2.OperationalError("the server is read-only, e.g. a standby")


def _replace_lost_connections(engine: Engine, limit: float) -> None:
    """Replace the connections of the pool if one was lost while it was idle.

    So is one on which the server does not answer within the limit, in seconds.

    SQLAlchemy's `pool_pre_ping` would take one more round trip for each request.
    """

    @event.listens_for(engine, "checkout")
    def check(connection: Any, record: Any, proxy: Any) -> None:
        now = monotonic()
        if now - record.info.get("used", now) > IDLE_SECONDS:
            try:
                with connection.limited_to(limit):
                    engine.dialect.do_ping(connection)
            except psycopg2.Error as error:
                raise InvalidatePoolError from error
        record.info["used"] = now


def _drop_connections_to_unavailable_servers(engine: Engine) -> None:
    """Replace the connections of the pool if the server says that it cannot serve.

    After a failover they may lead to a server that is read-only, and does not close them.
    """

    @event.listens_for(engine, "handle_error")
    def check(context: ExceptionContext) -> None:
        error = context.sqlalchemy_exception
        if isinstance(error, DBAPIError) and is_unavailable(sqlstate(error)):
            context.is_disconnect = True


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
