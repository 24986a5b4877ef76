"""Reports a transaction that has failed although the block around it has not.

    with database.session() as session:
        try:
            session.add(Tag(name="new"))
            session.flush()
        except IntegrityError:
            pass  # PostgreSQL has given up the whole transaction

PostgreSQL answers the COMMIT of such a transaction with a ROLLBACK, without an error, and
SQLAlchemy says nothing either: the view would respond 200, and nothing would be stored.
"""

from psycopg2.extensions import TRANSACTION_STATUS_INERROR
from sqlalchemy import Connection
from sqlalchemy.exc import PendingRollbackError
from sqlalchemy.orm import Session

ADVICE = (
    "The transaction has failed, and nothing of it is stored, but the block has caught the error. "
    "Let the error through, or put the part that may fail into `with session.begin_nested():` "
    "(of a connection: `with connection.begin_nested():`), inside the `try`."
)


def require_intact(connection: Connection) -> None:
    """Raise PendingRollbackError if PostgreSQL has given up the transaction."""
    if connection.closed or connection.invalidated or not connection.in_transaction():
        return
    driver = connection.connection.driver_connection
    if driver is not None and driver.info.transaction_status == TRANSACTION_STATUS_INERROR:
        raise PendingRollbackError(ADVICE)


def require_intact_session(session: Session) -> None:
    """Raise PendingRollbackError if a flush or a statement of a session has failed."""
    if not session.is_active:
        raise PendingRollbackError(ADVICE)
    # A session that has executed nothing has no connection, and a committed one no transaction.
    if connection := session.info.get(CONNECTION):
        require_intact(connection)


CONNECTION = "connection"
"""Where `RevisingSession` keeps its present connection in `Session.info`."""
