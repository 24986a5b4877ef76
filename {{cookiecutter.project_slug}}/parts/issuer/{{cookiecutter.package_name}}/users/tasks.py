"""Tasks about the users."""

import os
import sys
from getpass import getpass

from invoke import Context, Exit, task
from sqlalchemy import Connection

from ..chassis import database, names, settings
from ..chassis.passwords import Passwords
from . import queries, registration

PASSWORD_VARIABLE = "ADMINISTRATOR_PASSWORD"  # noqa: S105  (a name)

SCOPE = "admin"


@task(help={"username": "The name to log in with"})
def create_admin(context: Context, username: str = "admin") -> None:
    """Create an administrator, who can create all other users; harmless where there is one.

    The password is asked for, or comes from the variable ADMINISTRATOR_PASSWORD or as the first
    line of standard input. Never as an argument, which every user of the machine could read.
    """
    wanted = settings.load()
    engine = database.engine(wanted)
    try:
        with engine.connect() as connection:
            if _is_there(connection, username):
                return
        password = _password()
        if faults := registration.faults_in(username, password):
            raise Exit("\n".join(f"{field}: {fault}" for field, fault in faults.items()), 1)
        values = registration.values_for(Passwords(wanted), username, password, SCOPE)
        with engine.begin() as connection:
            # Another may have been quicker.
            if registration.create(connection, values) or not _is_there(connection, username):
                print(f"{username} is an administrator now.")
    finally:
        engine.dispose()


def _is_there(connection: Connection, username: str) -> bool:
    """Whether the administrator exists, and say so; Exit where a user of this name is none."""
    found = {"name_key": names.key_of(username)}
    user = connection.execute(queries.BY_NAME, found).one_or_none()
    if user is None:
        return False
    if SCOPE not in user.scope.split():
        raise Exit(f"{user.name} is a user already, and no administrator: give another name.", 1)
    print(f"{user.name} is an administrator already; the password stays as it is.")
    return True


def _password() -> str:
    if password := os.environ.get(PASSWORD_VARIABLE):
        return password
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass("Password: ")
    if password != getpass("Again: "):
        raise Exit("These are two passwords. Nothing was done.", 1)
    return password
