"""Tasks for the database: create it, migrate it, serve one for development.

Each imports what it needs by itself. Alembic takes longer to import than all other tasks together,
which then would wait for it, whatever they do: `run` too, in a pod that starts.
"""

import signal
from pathlib import Path
from types import FrameType

from invoke import Context, Exit, task

from ..chassis import project_files, settings
from . import database_errors, service

service.SENTENCES |= database_errors.SENTENCES


@task
def create(context: Context) -> None:
    """Create the service's role and database; harmless where they exist.

    Needs the server's administrator: POSTGRES_USER and POSTGRES_PASSWORD, both `postgres` where
    they are not set. The service itself never has these.
    """
    from . import provisioning

    wanted = settings.load()
    provisioning.create(wanted)
    print(f"Database {wanted['database.name']} of role {wanted['database.user']} is there.")


@task(
    help={
        "revision": "Where to go; by default to the newest",
        "unless-newer": "Leave alone what a later version has migrated, before a rollback",
    }
)
def migrate(context: Context, revision: str = "head", unless_newer: bool = False) -> None:
    """Bring the database's tables up to date; harmless where they are."""
    from . import migrations

    if migrations.migrate(settings.load(), revision, unless_newer=unless_newer):
        print(f"The database is at {revision}.")
    else:
        print("The database has the tables of this version.")


@task(
    help={
        "timeout": "How many seconds to wait",
        "server": "Only until the database answers, whatever is in it",
    }
)
def wait(context: Context, timeout: int = 300, server: bool = False) -> None:
    """Wait until the database has been migrated; put it before what needs its tables."""
    from . import migrations

    migrations.wait(settings.load(), timeout, server=server)
    print("The database answers." if server else "The database has the tables of this version.")


@task(help={"revision": "Where to go back to, e.g. 0001 or -1"})
def downgrade(context: Context, revision: str) -> None:
    """Take migrations back."""
    from . import migrations

    migrations.downgrade(settings.load(), revision)
    print(f"The database is at {revision}.")


@task(help={"message": "What the migration does, in a few words"})
def revision(context: Context, message: str) -> None:
    """Write a new migration from the difference between models and database. Read it after."""
    if not project_files.IN_CHECKOUT:
        raise Exit("This needs a checkout of the service: a migration is code.", 1)
    from . import migrations

    migrations.write(settings.load(), message)


@task(help={"folder": "Where its data is kept", "port": "By default the settings'"})
def serve(context: Context, folder: str = "", port: int = 0) -> None:
    """Serve a PostgreSQL for development, until Ctrl-C. It needs neither Docker nor a server."""
    from .embedded_postgres import EmbeddedPostgres, default_folder

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
