"""Database tasks: create and migrate the database, serve a PostgreSQL for development.

Each task imports its own modules, because importing Alembic takes longer than importing all other
tasks, including `run` at the start of a pod.
"""

import signal
from pathlib import Path
from types import FrameType

from invoke import Context, Exit, task

from flask_chassis import project, settings
from flask_chassis.tasks import database_errors, service

FORGOTTEN_AT_ONCE = 1000
"""Rows in one transaction, which is short then."""

service.SENTENCES |= database_errors.SENTENCES


@task
def create(context: Context) -> None:
    """Create the service's role and database unless they exist.

    Connects as the administrator of the server: POSTGRES_USER and POSTGRES_PASSWORD, both
    `postgres` by default. The service itself never has these credentials.
    """
    from flask_chassis.tasks import provisioning

    wanted = settings.load(section="database")
    provisioning.create(wanted)
    address = f"{wanted['database.host']}:{wanted['database.port']}"
    role = wanted["database.user"]
    print(f"Database {wanted['database.name']} of role {role} is there, on {address}.")


@task(
    help={
        "revision": "The target revision, by default the newest",
        "unless-newer": "Do nothing if a later version has migrated it, before a rollback",
    }
)
def migrate(context: Context, revision: str = "head", unless_newer: bool = False) -> None:
    """Run the pending migrations of the database."""
    from flask_chassis.tasks import migrations

    if migrations.migrate(settings.load(section="database"), revision, unless_newer=unless_newer):
        print(f"The database is at {revision}.")
    else:
        print("The database has the tables of this version.")


@task(
    help={
        "timeout": "How many seconds to wait",
        "server": "Wait only until the server accepts connections, not for the migrations",
    }
)
def wait(context: Context, timeout: int = 300, server: bool = False) -> None:
    """Wait until the database is migrated, before a task that needs the tables."""
    from flask_chassis.tasks import migrations

    migrations.wait(settings.load(section="database"), timeout, server=server)
    print(
        "The database accepts connections."
        if server
        else "The database has the tables of this version."
    )


@task(help={"revision": "The target revision, e.g. 0001 or -1"})
def downgrade(context: Context, revision: str) -> None:
    """Revert the migrations after a revision."""
    from flask_chassis.tasks import migrations

    migrations.downgrade(settings.load(section="database"), revision)
    print(f"The database is at {revision}.")


@task(
    help={
        "message": "What the migration does, in a few words",
        "empty": "Write a migration without operations, for what the models do not say",
    }
)
def revision(context: Context, message: str, empty: bool = False) -> None:
    """Generate a migration from the difference between models and database; review it."""
    if not project.in_checkout():
        raise Exit("db.revision writes code: run it in a checkout of the service.", 1)
    from flask_chassis.tasks import migrations

    for line in migrations.write(settings.load(section="database"), message, empty=empty):
        print(f"Look at this: {line}")


@task
def forget_idempotency_keys(context: Context) -> None:
    """Remove all expired idempotency keys; requests with new keys remove a few each.

    For a service that has few such requests, or none any more. It can run at any time.
    """
    from sqlalchemy import inspect

    from flask_chassis.db import engines
    from flask_chassis.idempotency import store
    from flask_chassis.idempotency.check import TABLE

    engine = engines.engine(settings.load(section="database"))
    if not inspect(engine).has_table(TABLE):
        raise Exit(
            f"The database has no table {TABLE}: the service has no idempotent operations, "
            "or is not migrated. Run db.migrate.",
            1,
        )
    removed = 0
    while True:
        with engine.begin() as connection:
            batch = store.remove_expired(connection, FORGOTTEN_AT_ONCE)
        removed += batch
        if batch < FORGOTTEN_AT_ONCE:
            break
    engine.dispose()
    print(f"Expired idempotency keys removed: {removed}.")


@task(help={"folder": "The data folder", "port": "The port, by default that of the settings"})
def serve(context: Context, folder: str = "", port: int = 0) -> None:
    """Run a PostgreSQL server for development until Ctrl-C, without Docker."""
    from flask_chassis.tasks.embedded_postgres import EmbeddedPostgres, default_folder

    wanted = settings.load(section="database")
    if not wanted.is_for_developers:
        raise Exit(f"db.serve is for development; this is {wanted.environment}.", 1)
    data = Path(folder).resolve() if folder else default_folder()
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:  # as `nohup` has the latter
            signal.signal(number, _interrupt)
    with EmbeddedPostgres(data, port or wanted["database.port"]) as server:
        print(f"PostgreSQL serves {data} on {server.host}:{server.port}. Ctrl-C stops it.")
        try:
            server.wait()
        except KeyboardInterrupt:
            print("Stopping.")


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
