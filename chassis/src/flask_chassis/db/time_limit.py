"""A time limit for a few statements of a transaction, instead of that of the connection."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

from psycopg2.extensions import TRANSACTION_STATUS_INTRANS
from sqlalchemy import Connection, Executable, Result, func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from flask_chassis.db.sqlstate import QUERY_CANCELED, sqlstate

SETTING = "statement_timeout"

GRACE_SECONDS = 3
"""What the server has to report that time is up."""


class TimeLimitError(Exception):
    """The statements took too long. The transaction has failed: nothing of it can be committed."""


class TimeLimit:
    """Executes statements that may take so many seconds together."""

    def __init__(self, source: Session | Connection, seconds: float) -> None:
        self._source = source
        self._end = monotonic() + seconds

    def execute(self, statement: Executable, parameters: Any = None, /) -> Result[Any]:
        """Execute a statement; raises TimeLimitError if time is up."""
        milliseconds = int((self._end - monotonic()) * 1000)
        if milliseconds <= 0:
            raise TimeLimitError
        self.set(str(milliseconds))
        try:
            return self._source.execute(statement, parameters)
        except OperationalError as error:
            if sqlstate(error) == QUERY_CANCELED:
                raise TimeLimitError from error
            raise

    def set(self, value: str) -> None:
        """Set PostgreSQL's time-out for the rest of the transaction."""
        self._source.execute(select(func.set_config(SETTING, value, True)))


@contextmanager
def time_limit(source: Session | Connection, seconds: float) -> Iterator[TimeLimit]:
    """Limit the time of the statements that are executed with `TimeLimit.execute`, in seconds.

    Afterwards the transaction has the time-out that it had. Outside of a transaction PostgreSQL
    would forget the limit before the first statement: for a connection of `database.autocommit()`
    the block is a transaction. Raises RuntimeError for a session in autocommit mode.
    """
    connection = source if isinstance(source, Connection) else source.connection()
    dbapi: Any = connection.connection.dbapi_connection
    limit = TimeLimit(source, seconds)
    # The client gives up after the server, also if the limit is longer than the connection's own.
    client_seconds = max(dbapi.limit, seconds + GRACE_SECONDS)
    if source is connection and dbapi.autocommit:
        # The end of the transaction ends the limit.
        with _transaction(dbapi), dbapi.limited_to(client_seconds):
            yield limit
        return
    before = source.scalar(select(func.current_setting(SETTING)))
    if dbapi.info.transaction_status != TRANSACTION_STATUS_INTRANS:
        raise RuntimeError(
            "A time limit needs a transaction, and this session is in autocommit mode: open it "
            "with `database.session()`."
        )
    with dbapi.limited_to(client_seconds):
        yield limit
    limit.set(str(before))


@contextmanager
def _transaction(dbapi: Any) -> Iterator[None]:
    """Make a block on a connection of `database.autocommit()` a transaction, which only reads."""
    dbapi.autocommit = False
    try:
        yield
    finally:
        # A connection that is lost is discarded by the code that opened it.
        if not dbapi.closed:
            dbapi.rollback()
            dbapi.autocommit = True
