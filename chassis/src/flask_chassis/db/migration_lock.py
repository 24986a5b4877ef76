"""The lock under which migrations run, so that two deployments do not migrate at once."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from alembic.util import CommandError
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

TRY = text("SELECT pg_try_advisory_lock(hashtext('alembic'))")
LOCK_IN_TRANSACTION = text("SELECT pg_advisory_xact_lock(hashtext('alembic'))")
UNLOCK = text("SELECT pg_advisory_unlock(hashtext('alembic'))")

WAIT_SECONDS = 300
"""How long to wait until another process has run its migrations."""

POLL_SECONDS = 0.5


@contextmanager
def one_at_a_time(connection: Connection) -> Iterator[None]:
    """Hold an advisory lock of the session in the block, across transactions and without one.

    It asks again and again instead of waiting in the database: CREATE INDEX CONCURRENTLY, in the
    process that has the lock, waits for all statements that are running, and so would wait for
    this one forever. PgBouncer must be in session mode.

    If the caller has begun a transaction, as tests do, everything is a part of it, and so is the
    lock. Raises CommandError after WAIT_SECONDS.
    """
    if connection.in_transaction():
        connection.execute(LOCK_IN_TRANSACTION)
        yield
        return
    deadline = time.monotonic() + WAIT_SECONDS
    while not _acquired(connection):
        if time.monotonic() >= deadline:
            raise CommandError(
                f"Another process has been running migrations for {WAIT_SECONDS} s. Wait until it "
                "has ended, or end it, and try again."
            )
        time.sleep(POLL_SECONDS)
    try:
        yield
    finally:
        _release(connection)


def _acquired(connection: Connection) -> bool:
    acquired = bool(connection.scalar(TRY))
    connection.commit()
    return acquired


def _release(connection: Connection) -> None:
    try:
        connection.rollback()
        connection.execute(UNLOCK)
        connection.commit()
    except SQLAlchemyError:
        # The block's own exception is raised. The server releases the lock with the connection.
        connection.invalidate()
