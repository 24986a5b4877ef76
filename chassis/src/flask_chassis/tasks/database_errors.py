"""Error messages for exceptions of SQLAlchemy and Alembic, without importing these libraries."""

import re
from collections.abc import Callable
from typing import Any

LOCKED = "55P03"
CANCELED = "57014"

_REFUSED = re.compile(
    r"password authentication failed|no pg_hba\.conf entry|"
    r'(?:role|database) "[^"]*" does not exist|no such (?:user|database)'
)
"""What PostgreSQL (28P01, 28000, 3D000) and PgBouncer say. psycopg2 has no code for a connection
that was refused; a server with another `lc_messages` says it otherwise, and is waited for."""


def is_refused(error: Any) -> bool:
    """Return whether the server refuses the user, the password or the database by their names."""
    return bool(_REFUSED.search(str(error.orig)))


def not_reached(error: Any) -> str:
    """Return the error message for an OperationalError of SQLAlchemy."""
    reason = " ".join(str(error.orig).split())
    code = getattr(error.orig, "pgcode", None)
    if code == LOCKED:
        return (
            f"A table stayed locked by others: {reason}. Find the long transaction in "
            "pg_stat_activity, wait until it has ended or end it, and try again."
        )
    if code == CANCELED:
        return f"The database cancelled a statement: {reason}."
    return f"The database cannot be reached: {reason} In development, `db.serve` starts one."


def _not_migrated(error: Exception) -> str:
    if missing := getattr(error.__cause__, "argument", None):
        return (
            f"migrations/versions has no revision {missing}. If the database is at it, another "
            "branch, a later version, or a file that was deleted since has migrated it: bring the "
            "file back, run `db.downgrade` to the revision before it (the first one's is `base`), "
            "and remove the file again."
        )
    if "not up to date" in str(error):
        return (
            "The database lacks migrations that are in migrations/versions, so the models cannot "
            "be compared with it. Run `db.migrate` first, then this again."
        )
    return f"The migrations cannot be run: {error}"


SENTENCES: dict[type[Exception] | str, Callable[[Any], str]] = {
    "sqlalchemy.exc.OperationalError": not_reached,
    "alembic.util.exc.CommandError": _not_migrated,
}
