"""PostgreSQL's error codes (SQLSTATE), as far as the chassis distinguishes them."""

from sqlalchemy.exc import DBAPIError

NOT_NULL = "23502"
FOREIGN_KEY = "23503"
UNIQUE = "23505"
CHECK = "23514"
EXCLUSION = "23P01"
RESTRICT = "23001"

LOCK_NOT_AVAILABLE = "55P03"
QUERY_CANCELED = "57014"
READ_ONLY = "25006"
TOO_LARGE = "54000"  # e.g. for an index

CONCURRENCY = frozenset({"40001", "40P01"})
"""Serialization failure and deadlock: the same transaction may well succeed next time."""

UNAVAILABLE = (
    READ_ONLY,  # a standby
    "25P03",  # idle_in_transaction_session_timeout
    "25P04",  # transaction_timeout
    "08",  # connection exceptions, also those of PgBouncer
    "53",  # insufficient resources: connections, memory, disk
    "57P",  # the server shuts down, starts, or has crashed
    "58",  # system errors, e.g. of a disk
)
"""Errors and classes of errors that are about the server, not about the statement.

A transaction may well succeed later, or on another server: never on this connection.
"""

INVALID_VALUES = frozenset(
    {
        TOO_LARGE,
        "22001",  # text too long
        "22003",  # number out of range
        "22007",  # not a date or time
        "22008",  # date or time out of range
        "22021",  # not in the character set
        "22P02",  # text that cannot be read as the type, e.g. a UUID or an enum
        "22P03",  # the same, in binary form
        "22P05",  # character without equivalent
        "2201B",  # regular expression
    }
)
"""Errors about values. Others of class 22, such as a division by zero, are defects in the SQL."""


def sqlstate(error: DBAPIError) -> str:
    """Return the error code, or "" if the error does not come from the server."""
    return getattr(error.orig, "pgcode", None) or ""


def is_unavailable(state: str) -> bool:
    """Return whether an error code is one of `UNAVAILABLE`."""
    return state.startswith(UNAVAILABLE)
