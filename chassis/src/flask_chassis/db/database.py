"""Database access: sessions and transactions for PostgreSQL, with SQLAlchemy.

    with database.session() as session:         # ORM; commits at the end of the block
    with database.transaction() as connection:  # Core; the same
    with database.autocommit() as connection:   # Core; each statement is committed at once
    with database.task_session(settings) as session:  # ORM; in a task, without an application

A block that raises is rolled back. Errors of the database become HTTP responses: see
`flask_chassis.db.errors`. A request with an `Idempotency-Key` makes all three savepoints of one
transaction, which is committed when the view has returned: see `joint_transaction`.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

from flask import Flask, current_app, g
from psycopg2.extensions import TRANSACTION_STATUS_IDLE
from sqlalchemy import Connection, Engine, Row, event, text
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from flask_chassis.db import errors
from flask_chassis.db.base import Base, choice
from flask_chassis.db.engines import engine, url
from flask_chassis.db.models import metadata
from flask_chassis.db.retry import retried
from flask_chassis.db.revisions import RevisingSession
from flask_chassis.db.swallowed_errors import require_intact, require_intact_session
from flask_chassis.db.target_server import WRITABLE, target_session_attrs
from flask_chassis.observability import health
from flask_chassis.settings import Settings

__all__ = [
    "Base",
    "as_objects",
    "autocommit",
    "choice",
    "engine",
    "get_or_404",
    "init_app",
    "joint_transaction",
    "ping",
    "retried",
    "session",
    "task_session",
    "transaction",
    "url",
]


Entity = TypeVar("Entity")


def init_app(app: Flask, settings: Settings) -> None:
    """Create the engine, and register the exception handlers and the health check.

    The engine connects with the first request: the service starts without the database.
    """
    app.extensions["database"] = engine(settings)
    app.extensions["models"] = metadata
    errors.init_app(app)
    check = partial(
        check_health,
        is_writing=target_session_attrs(settings) in WRITABLE,
        limit=settings["database.connect_timeout_seconds"],
    )
    health.needs(app, "database", check)


@contextmanager
def session() -> Iterator[Session]:
    """Open an ORM session in a transaction: commit at the end of the `with` block.

    Rolls back if the block raises. Objects stay readable after the commit. Each call is a
    transaction of its own, on a connection of its own: pass the session to functions that take
    part, and use `session.begin_nested()` for a part that may fail alone (a savepoint).

    A model with a `version_id_col` gets a new revision if its row changes, or one of its
    collections.

    Raises SQLAlchemy's exceptions, also at the commit; and PendingRollbackError if a statement has
    failed and the block has caught the error: nothing would be stored.
    """
    with (
        RevisingSession(
            _joint() or _engine(),
            expire_on_commit=False,
            join_transaction_mode="create_savepoint",
        ) as opened,
        opened.begin(),
    ):
        yield opened
        require_intact_session(opened)


@contextmanager
def task_session(settings: Settings) -> Iterator[Session]:
    """Open an ORM session outside of the application, in a task: like `session()`.

    Its statements may take as long as they need. The connection is closed after the block.
    """
    created = engine(settings, statement_timeout_seconds=0)
    try:
        with RevisingSession(created, expire_on_commit=False) as opened, opened.begin():
            yield opened
            require_intact_session(opened)
    finally:
        created.dispose()


@contextmanager
def transaction() -> Iterator[Connection]:
    """Open a transaction for SQL statements: commit at the end of the `with` block.

    Rolls back if the block raises. Each call is a transaction of its own, like `session()`.

    Raises PendingRollbackError if a statement has failed and the block has caught the error.
    """
    joint = _joint()
    with _engine().begin() if joint is None else _savepoint(joint) as opened:
        yield opened
        require_intact(opened)


@contextmanager
def autocommit() -> Iterator[Connection]:
    """Open a connection on which each statement is committed at once, for a `with` block.

    For single statements: it saves the round trips for BEGIN and COMMIT. Nothing can be rolled
    back. Raises SQLAlchemy's OperationalError or TimeoutError if the database is not available.
    """
    if (joint := _joint()) is not None:
        with _savepoint(joint) as opened:
            yield opened
        return
    with _engine().connect() as opened:
        # SQLAlchemy's isolation_level="AUTOCOMMIT" also sets psycopg2's isolation level, which
        # takes two round trips. This attribute takes none.
        driver: Any = opened.connection.driver_connection
        driver.autocommit = True
        try:
            yield opened
        finally:
            # Discard a connection that is lost, or in which the block has executed BEGIN.
            if driver.closed or driver.info.transaction_status != TRANSACTION_STATUS_IDLE:
                opened.invalidate()
            else:
                driver.autocommit = False


@contextmanager
def joint_transaction() -> Iterator[Connection]:
    """Make everything that the block does in the database one transaction.

    `session`, `transaction` and `autocommit` are savepoints of it: one that raises is undone
    alone, and the others are committed at the end of the block, or not at all if it raises.
    Deferred constraints are checked then, too. It is for the code of this application context:
    threads that a view starts have transactions of their own.
    """
    if (outer := _joint()) is not None:
        with _savepoint(outer) as opened:
            yield opened
        return
    with _engine().begin() as opened:
        event.listen(opened, "commit", _refuse_commit)
        g.joint_transaction = opened
        try:
            yield opened
        finally:
            del g.joint_transaction
            event.remove(opened, "commit", _refuse_commit)


def _joint() -> Connection | None:
    joint: Connection | None = g.get("joint_transaction")
    return joint


@contextmanager
def _savepoint(joint: Connection) -> Iterator[Connection]:
    with joint.begin_nested():
        yield joint
        if not joint.in_transaction():
            raise RuntimeError(
                "The block has rolled back a larger transaction, of a request with an "
                "Idempotency-Key for example: raise an exception to undo everything, or use "
                "begin_nested() for a part that may fail alone."
            )


def _refuse_commit(connection: Connection) -> None:
    # SQLAlchemy takes the transaction for committed: the connection must not go back to the pool.
    connection.invalidate()
    raise RuntimeError(
        "This transaction is a part of a larger one, of a request with an Idempotency-Key for "
        "example, and is committed with it: take commit() out, the `with` block is enough."
    )


def _engine() -> Engine:
    created: Engine = current_app.extensions["database"]
    return created


def get_or_404(
    session: Session, model: type[Entity], id: object, *, for_update: bool = False
) -> Entity:
    """Return the object of a model with this primary key, or raise NotFound.

    The message is "Invoice 5 not found." for a model Invoice. With `for_update`, the row is locked
    until the transaction ends: other transactions that want to change it wait.
    """
    found = session.get(model, id, with_for_update=True if for_update else None)
    if found is None:
        name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", model.__name__).capitalize()
        raise NotFound(f"{name} {id} not found.")
    return found


def as_objects(rows: Sequence[Row[*tuple[Any, ...]]]) -> list[dict[str, Any]]:
    """Return rows as dictionaries by column name, which serialize to JSON objects."""
    names = [str(name) for name in rows[0]._fields] if rows else []
    return [dict(zip(names, row, strict=True)) for row in rows]


def ping() -> None:
    """Execute `SELECT 1`; raises SQLAlchemy's exception if it fails."""
    with autocommit() as opened:
        opened.execute(text("SELECT 1"))


class ReadOnlyError(Exception):
    """The database refuses writes, which the service needs."""


def check_health(*, is_writing: bool, limit: float) -> None:
    """Check that the database answers within so many seconds, and if need be that it is writable.

    Raises SQLAlchemy's exception or ReadOnlyError. Connections to a read-only server are replaced.
    """
    with autocommit() as opened:
        driver: Any = opened.connection.driver_connection
        with driver.limited_to(limit):
            is_read_only = opened.scalar(text("SHOW transaction_read_only")) == "on"
    if is_writing and is_read_only:
        _engine().dispose()
        raise ReadOnlyError("it is read-only")
