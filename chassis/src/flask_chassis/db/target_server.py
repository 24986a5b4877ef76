"""The kind of PostgreSQL server that the service needs: one that accepts writes, or any."""

from flask_chassis.exceptions import ConfigurationError
from flask_chassis.settings import Settings

WRITABLE = frozenset({"read-write", "primary"})
"""Values of `database.target_session_attrs` for a service that writes."""

VALUES = WRITABLE | {"any", "read-only", "standby", "prefer-standby"}
"""Values of libpq's `target_session_attrs`."""


def target_session_attrs(settings: Settings) -> str:
    """Return the setting; raises ConfigurationError if libpq does not know it."""
    wanted = str(settings["database.target_session_attrs"])
    if wanted not in VALUES:
        raise ConfigurationError(
            f"database.target_session_attrs is {wanted!r}: set it to one of "
            f"{', '.join(sorted(VALUES))}."
        )
    return wanted
