"""Tasks for the database: create it, migrate it, serve one for development."""

import os
import signal
import time
from contextlib import closing
from pathlib import Path
from types import FrameType

import psycopg2
import psycopg2.extensions
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from invoke import Context, Exit, task
from psycopg2 import sql
from sqlalchemy.exc import OperationalError

from ..chassis import database, project_files, settings
from ..chassis.settings import Settings
from . import migration_state
from .embedded_postgres import ADMINISTRATOR, EmbeddedPostgres, default_folder
from .service import SENTENCES


def _not_migrated(error: CommandError) -> str:
    return f"The migrations cannot be run: {error}"


def _not_reached(error: OperationalError) -> str:
    return f"The database cannot be reached: {' '.join(str(error.orig).split())}"


SENTENCES.update({CommandError: _not_migrated, OperationalError: _not_reached})


@task
def create(context: Context) -> None:
    """Create the service's role and database; harmless where they exist.

    Needs the server's administrator: POSTGRES_USER and POSTGRES_PASSWORD, both `postgres` where
    they are not set. The service itself never has these.
    """
    wanted = settings.load()
    role, name = wanted["database.user"], wanted["database.name"]
    with closing(_administrator(wanted)) as connection, connection.cursor() as cursor:
        # Two that run at once create one after the other.
        cursor.execute("SELECT pg_advisory_lock(hashtext('create'))")
        _create_role(cursor, role, wanted["database.password"])
        _create_database(cursor, name, role)
    print(f"Database {name} of role {role} is there.")


def _administrator(wanted: Settings) -> psycopg2.extensions.connection:
    try:
        connection = psycopg2.connect(
            host=wanted["database.host"],
            port=wanted["database.port"],
            user=os.environ.get("POSTGRES_USER", ADMINISTRATOR),
            password=os.environ.get("POSTGRES_PASSWORD", ADMINISTRATOR),
            dbname="postgres",
            connect_timeout=wanted["database.connect_timeout_seconds"],
        )
    except psycopg2.OperationalError as error:
        reason = " ".join(str(error).split())
        advice = "POSTGRES_USER and POSTGRES_PASSWORD name the server's administrator."
        raise Exit(f"The database server cannot be reached: {reason}. {advice}", 1) from None
    connection.autocommit = True  # CREATE DATABASE runs in no transaction
    return connection


def _create_role(cursor: psycopg2.extensions.cursor, role: str, password: str) -> None:
    cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
    statement = sql.SQL("{verb} ROLE {role} LOGIN PASSWORD {password}").format(
        verb=sql.SQL("ALTER" if cursor.fetchone() else "CREATE"),
        role=sql.Identifier(role),
        password=sql.Literal(password),
    )
    cursor.execute(statement)


def _create_database(cursor: psycopg2.extensions.cursor, name: str, owner: str) -> None:
    names = {"name": sql.Identifier(name), "owner": sql.Identifier(owner)}
    cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
    if cursor.fetchone() is None:
        # C.UTF-8 knows upper and lower case in every script, and is on every server.
        statement = "CREATE DATABASE {name} OWNER {owner} TEMPLATE template0 LOCALE 'C.UTF-8'"
        cursor.execute(sql.SQL(statement).format(**names))
    cursor.execute(sql.SQL("REVOKE ALL ON DATABASE {name} FROM PUBLIC").format(**names))


@task(
    help={
        "revision": "Where to go; by default to the newest",
        "unless-newer": "Leave alone what a later version has migrated, before a rollback",
    }
)
def migrate(context: Context, revision: str = "head", unless_newer: bool = False) -> None:
    """Bring the database's tables up to date; harmless where they are."""
    engine = database.engine(settings.load())
    with engine.connect() as connection:
        scripts = ScriptDirectory.from_config(_alembic(connection))
        if unless_newer and migration_state.is_migrated(connection, scripts):
            print("The database has the tables of this version.")
            return
        command.upgrade(_alembic(connection), revision)
        connection.commit()
    print(f"The database is at {revision}.")


@task(
    help={
        "timeout": "How many seconds to wait",
        "server": "Only until the database answers, whatever is in it",
    }
)
def wait(context: Context, timeout: int = 300, server: bool = False) -> None:
    """Wait until the database has been migrated; put it before what needs its tables."""
    engine = database.engine(settings.load())
    deadline = time.monotonic() + timeout
    while True:
        try:
            with engine.connect() as connection:
                scripts = ScriptDirectory.from_config(_alembic(connection))
                if server or migration_state.is_migrated(connection, scripts):
                    break
                missing = f"it lacks migrations: {', '.join(scripts.get_heads())} is not reached"
        except OperationalError as error:
            missing = _not_reached(error)
        if time.monotonic() >= deadline:
            raise Exit(f"The database is not ready after {timeout} s: {missing}.", 1)
        time.sleep(1)
    print("The database answers." if server else "The database has the tables of this version.")


@task(help={"revision": "Where to go back to, e.g. 0001 or -1"})
def downgrade(context: Context, revision: str) -> None:
    """Take migrations back."""
    engine = database.engine(settings.load())
    with engine.connect() as connection:
        command.downgrade(_alembic(connection), revision)
        connection.commit()
    print(f"The database is at {revision}.")


@task(help={"message": "What the migration does, in a few words"})
def revision(context: Context, message: str) -> None:
    """Write a new migration from the difference between models and database. Read it after."""
    if not project_files.IN_CHECKOUT:
        raise Exit("This needs a checkout of the service: a migration is code.", 1)
    engine = database.engine(settings.load())
    with engine.connect() as connection:
        config = _alembic(connection)
        number = len(list(ScriptDirectory.from_config(config).walk_revisions())) + 1
        command.revision(config, message, autogenerate=True, rev_id=f"{number:04}")


@task(help={"folder": "Where its data is kept", "port": "By default the settings'"})
def serve(context: Context, folder: str = "", port: int = 0) -> None:
    """Serve a PostgreSQL for development, until Ctrl-C. It needs neither Docker nor a server."""
    wanted = settings.load()
    if not wanted.is_for_developers:
        raise Exit(f"db.serve is for development; this is {wanted.environment}.", 1)
    data = Path(folder).resolve() if folder else default_folder()
    signal.signal(signal.SIGTERM, _interrupt)
    with EmbeddedPostgres(data, port or wanted["database.port"]) as server:
        print(f"PostgreSQL serves {data} on {server.host}:{server.port}. Ctrl-C stops it.")
        try:
            server.wait()
        except KeyboardInterrupt:
            print("Stopping.")


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _alembic(connection: object) -> Config:
    """Return Alembic's configuration; env.py takes the connection from it."""
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(project_files.find("migrations")))
    return config
