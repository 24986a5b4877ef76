"""What to say of errors of SQLAlchemy and Alembic, of which neither is imported for that."""

from collections.abc import Callable
from typing import Any


def not_reached(error: Any) -> str:
    """Return the sentence for an OperationalError of SQLAlchemy."""
    return f"The database cannot be reached: {' '.join(str(error.orig).split())}"


def _not_migrated(error: Exception) -> str:
    return f"The migrations cannot be run: {error}"


SENTENCES: dict[type[Exception] | str, Callable[[Any], str]] = {
    "sqlalchemy.exc.OperationalError": not_reached,
    "alembic.util.exc.CommandError": _not_migrated,
}
