"""A time limit for a few statements of a transaction, in the place of the connection's own."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

from psycopg2.extensions import TRANSACTION_STATUS_INTRANS
from sqlalchemy import Executable, Result, func, select
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

    def __init__(self, session: Session, seconds: float) -> None:
        self._session = session
        self._end = monotonic() + seconds

    def execute(self, statement: Executable) -> Result[Any]:
        """Execute a statement; raises TimeLimitError if time is up."""
        milliseconds = int((self._end - monotonic()) * 1000)
        if milliseconds <= 0:
            raise TimeLimitError
        self.set(str(milliseconds))
        try:
            return self._session.execute(statement)
        except OperationalError as error:
            if sqlstate(error) == QUERY_CANCELED:
                raise TimeLimitError from error
            raise

    def set(self, value: str) -> None:
        """Set PostgreSQL's time-out for the rest of the transaction."""
        self._session.execute(select(func.set_config(SETTING, value, True)))


@contextmanager
def time_limit(session: Session, seconds: float) -> Iterator[TimeLimit]:
    """Limit the time of the statements that are executed with `TimeLimit.execute`, in seconds.

    Afterwards the transaction has the time-out that it had. Raises RuntimeError outside of a
    transaction, where PostgreSQL would forget the limit before the first statement.
    """
    before = session.scalar(select(func.current_setting(SETTING)))
    dbapi: Any = session.connection().connection.dbapi_connection
    if dbapi.info.transaction_status != TRANSACTION_STATUS_INTRANS:
        raise RuntimeError(
            "A time limit needs a transaction, and this session is in autocommit mode: open it "
            "with `database.session()`."
        )
    limit = TimeLimit(session, seconds)
    # The client gives up after the server, also if the limit is longer than the connection's own.
    with dbapi.limited_to(max(dbapi.limit, seconds + GRACE_SECONDS)):
        yield limit
    limit.set(str(before))
