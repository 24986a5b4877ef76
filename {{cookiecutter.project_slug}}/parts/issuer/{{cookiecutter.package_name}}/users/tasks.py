"""Tasks about the users."""

import os
import sys
from getpass import getpass

from flask_chassis import settings
from invoke import Context, Exit, task

PASSWORD_VARIABLE = "ADMINISTRATOR_PASSWORD"  # noqa: S105  (a name)


@task(help={"username": "The name to log in with"})
def create_admin(context: Context, username: str = "admin") -> None:
    """Create an administrator, who can create all other users, unless it exists.

    Asks for the password, or reads it from the variable ADMINISTRATOR_PASSWORD or the first line
    of standard input. It is never an argument, which every user of the machine could read.
    """
    # Imported here because these libraries are slow to import, and other tasks do not need them.
    from . import first_administrator

    first_administrator.create(settings.load(), username, _password)


def _password() -> str:
    if password := os.environ.get(PASSWORD_VARIABLE):
        return password
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass("Password: ")
    if password != getpass("Again: "):
        raise Exit("These are two passwords. Nothing was done.", 1)
    return password
