"""Database migrations of the service, with Alembic."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from invoke import Exit
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from flask_chassis import project
from flask_chassis.db import database
from flask_chassis.db.retry import pause
from flask_chassis.db.sqlstate import CONCURRENCY, LOCK_NOT_AVAILABLE, sqlstate
from flask_chassis.settings import Settings
from flask_chassis.tasks import migration_state, new_migration
from flask_chassis.tasks.database_errors import is_refused, not_reached

LOCK_ATTEMPTS = 5
FIRST_PAUSE_SECONDS = 1.0


def migrate(wanted: Settings, revision: str, *, unless_newer: bool = False) -> bool:
    """Upgrade to a revision.

    With `unless_newer`, returns False and does nothing if a later version has migrated the
    database.
    """
    with _engine(wanted) as engine:
        if unless_newer:
            with engine.connect() as connection:
                if migration_state.is_migrated(connection, _scripts(connection)):
                    return False
        _run(engine, lambda config: command.upgrade(config, revision))
    return True


def wait(wanted: Settings, timeout: int, *, server: bool = False) -> None:
    """Wait until the database is migrated, or with `server` only until it accepts connections.

    Prints what is missing whenever that changes. Raises Exit after `timeout` seconds, and at once
    if the server refuses the user, the password or the database: waiting does not help.
    """
    engine = database.engine(wanted)
    deadline = time.monotonic() + timeout
    printed = ""
    while True:
        try:
            with engine.connect() as connection:
                scripts = _scripts(connection)
                if server or migration_state.is_migrated(connection, scripts):
                    return
                missing = f"it lacks migrations: {', '.join(scripts.get_heads())} is not reached"
        except OperationalError as error:
            missing = not_reached(error)
            if is_refused(error):
                raise Exit(
                    f"{missing} Compare database.user, database.password, database.name and "
                    "database.host with the server's.",
                    1,
                ) from None
        if missing != printed:
            print(f"Waiting: {missing}", flush=True)
            printed = missing
        if time.monotonic() >= deadline:
            raise Exit(f"The database is not ready after {timeout} s: {missing.rstrip('.')}.", 1)
        time.sleep(1)


def downgrade(wanted: Settings, revision: str) -> None:
    """Downgrade to a revision."""
    with _engine(wanted) as engine:
        _run(engine, lambda config: command.downgrade(config, revision))


def write(wanted: Settings, message: str, *, empty: bool = False) -> list[str]:
    """Generate a migration from the differences between the models and the tables.

    Returns what its author has to look at. Raises Exit if nothing differs, unless it is `empty`.
    """
    with _engine(wanted) as engine, engine.connect() as connection:
        number = len(list(_scripts(connection).walk_revisions())) + 1
        return new_migration.write(_config(connection), message, f"{number:04}", empty=empty)


@contextmanager
def _engine(wanted: Settings) -> Iterator[Engine]:
    """Create an engine without the time-out of requests: an index of a large table takes longer."""
    engine = database.engine(wanted, statement_timeout_seconds=0)
    try:
        yield engine
    finally:
        engine.dispose()


def _run(engine: Engine, migrate: Callable[[Config], object]) -> None:
    """Run migrations; if one does not get a table's lock in time, try it again after a pause."""
    for attempt in range(LOCK_ATTEMPTS):
        try:
            with engine.connect() as connection:
                migrate(_config(connection))
        except OperationalError as error:
            is_last = attempt + 1 == LOCK_ATTEMPTS
            if is_last or sqlstate(error) not in CONCURRENCY | {LOCK_NOT_AVAILABLE}:
                raise
        else:
            return
        seconds = pause(attempt, FIRST_PAUSE_SECONDS)
        print(f"A table is locked by others. Trying again in {seconds:.0f} s.", flush=True)
        time.sleep(seconds)


def _scripts(connection: Connection) -> ScriptDirectory:
    return ScriptDirectory.from_config(_config(connection))


def _config(connection: Connection) -> Config:
    """Return Alembic's configuration; env.py takes the connection from it."""
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(project.find("migrations")))
    return config
