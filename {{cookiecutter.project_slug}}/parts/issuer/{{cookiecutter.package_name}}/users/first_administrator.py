"""Creates the first administrator, without the API."""

from collections.abc import Callable

from flask_chassis.db import database
from flask_chassis.issuer import usernames
from flask_chassis.issuer.passwords import Passwords
from flask_chassis.settings import Settings
from invoke import Exit
from sqlalchemy import Connection

from . import queries, registration

SCOPE = "admin"


def create(wanted: Settings, username: str, ask: Callable[[], str]) -> None:
    """Create an administrator with the password that `ask` returns, unless it exists.

    Raises Exit if the name or the password is not valid, or if another user has the name.
    """
    engine = database.engine(wanted)
    try:
        with engine.connect() as connection:
            if _is_there(connection, username):
                return
        password = ask()
        if faults := registration.faults_in(username, password):
            raise Exit("\n".join(f"{field}: {fault}" for field, fault in faults.items()), 1)
        values = registration.values_for(Passwords(wanted), username, password, SCOPE)
        with engine.begin() as connection:
            if registration.create(connection, values):
                print(f"{username} is an administrator now.")
            # Another process may have been faster.
            elif not _is_there(connection, username):
                raise Exit(f"{username} looks like the name of a user: give another name.", 1)
    finally:
        engine.dispose()


def _is_there(connection: Connection, username: str) -> bool:
    """Whether the administrator exists, and say so; Exit where a user of this name is none."""
    found = {"name_key": usernames.key_of(username)}
    user = connection.execute(queries.BY_NAME, found).one_or_none()
    if user is None:
        return False
    if SCOPE not in user.scope.split():
        raise Exit(f"{user.name} is a user already, and no administrator: give another name.", 1)
    print(f"{user.name} is an administrator already; the password stays as it is.")
    return True
