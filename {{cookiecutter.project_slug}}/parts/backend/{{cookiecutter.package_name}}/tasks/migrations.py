"""Runs the service's migrations, with Alembic."""

import time

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from invoke import Exit
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from ..chassis import database, project_files
from ..chassis.settings import Settings
from . import migration_state
from .database_errors import not_reached


def migrate(wanted: Settings, revision: str, *, unless_newer: bool = False) -> bool:
    """Go to a revision; False where a later version has gone further, and is to be left alone."""
    with database.engine(wanted).connect() as connection:
        if unless_newer and migration_state.is_migrated(connection, _scripts(connection)):
            return False
        command.upgrade(_config(connection), revision)
        connection.commit()
    return True


def wait(wanted: Settings, timeout: int, *, server: bool = False) -> None:
    """Wait until the tables are this version's, or until the server answers; Exit after a time."""
    engine = database.engine(wanted)
    deadline = time.monotonic() + timeout
    while True:
        try:
            with engine.connect() as connection:
                scripts = _scripts(connection)
                if server or migration_state.is_migrated(connection, scripts):
                    return
                missing = f"it lacks migrations: {', '.join(scripts.get_heads())} is not reached"
        except OperationalError as error:
            missing = not_reached(error)
        if time.monotonic() >= deadline:
            raise Exit(f"The database is not ready after {timeout} s: {missing}.", 1)
        time.sleep(1)


def downgrade(wanted: Settings, revision: str) -> None:
    """Go back to a revision."""
    with database.engine(wanted).connect() as connection:
        command.downgrade(_config(connection), revision)
        connection.commit()


def write(wanted: Settings, message: str) -> None:
    """Write a migration that has what the models have and the tables lack."""
    with database.engine(wanted).connect() as connection:
        number = len(list(_scripts(connection).walk_revisions())) + 1
        command.revision(_config(connection), message, autogenerate=True, rev_id=f"{number:04}")


def _scripts(connection: Connection) -> ScriptDirectory:
    return ScriptDirectory.from_config(_config(connection))


def _config(connection: Connection) -> Config:
    """Return Alembic's configuration; env.py takes the connection from it."""
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(project_files.find("migrations")))
    return config
