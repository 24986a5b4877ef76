"""Tasks about the database of development, in the group `db` of the chassis."""

import os
import shutil
from pathlib import Path

from flask_chassis import settings
from flask_chassis.db import libpq_variables
from flask_chassis.serving.network import THIS_MACHINE
from flask_chassis.settings import Settings
from invoke import Context, Exit, task

from .for_developers import require_developers


@task
def shell(context: Context) -> None:
    """Open psql on the service's database, as the service's role."""
    found = settings.load(section="database")
    require_developers(found, "db.shell")
    psql = _psql()
    libpq_variables.ignore(found["database.host"])
    variables = {
        "PGHOST": found["database.host"],
        "PGPORT": str(found["database.port"]),
        "PGUSER": found["database.user"],
        "PGPASSWORD": found["database.password"],
        "PGDATABASE": found["database.name"],
        "PGCONNECT_TIMEOUT": str(found["database.connect_timeout_seconds"]),
    }
    os.execve(psql, [str(psql), "--no-password"], os.environ | variables)  # noqa: S606 - no shell


@task(help={"host": "Confirms the host of the database if it is another machine"})
def reset(context: Context, host: str = "") -> None:
    """Delete the service's database with all of its data, create it again, and migrate it."""
    found = settings.load(section="database")
    require_developers(found, "db.reset")
    _require_own(found, host, "db.reset deletes all data")
    from flask_chassis.tasks import migrations, provisioning

    provisioning.drop(found)
    provisioning.create(found)
    migrations.migrate(found, "head")
    print(f"Database {found['database.name']} is empty, and at head.")


@task(
    help={
        "rows": "How many rows of each model; three times as many of those with a parent",
        "host": "Confirms the host of the database if it is another machine",
    }
)
def seed(context: Context, rows: int = 50, host: str = "") -> None:
    """Add rows that look real to the database, for all models; a second run adds others.

    `FACTORIES` in the service's `seeds.py` makes the rows of models that need more than values of
    the right type.
    """
    found = settings.load(section="database")
    require_developers(found, "db.seed")
    _require_own(found, host, "db.seed adds rows")
    from flask_chassis.db import database
    from flask_chassis.db.revisions import RevisingSession

    from .seeding import rows as made

    engine = database.engine(found)
    try:
        with RevisingSession(engine) as session, session.begin():
            added = made.add(session, rows, settings.load())
    finally:
        engine.dispose()
    print(f"Added to {', '.join(f'{table}: {count}' for table, count in added.items())}.")


def _require_own(found: Settings, confirmed: str, what: str) -> None:
    """Raise Exit unless the database is on this machine, or its host is confirmed."""
    host = found["database.host"]
    # Another machine may have data that somebody needs.
    if host not in THIS_MACHINE and host != confirmed:
        raise Exit(
            f"{what}, and database.host is {host!r}, not this machine. "
            f"If you mean it: {what.split()[0]} --host={host}",
            1,
        )


def _psql() -> Path:
    """Return the path of psql: this machine's, or that of the wheel for development."""
    if found := shutil.which("psql"):
        return Path(found)
    from flask_chassis.tasks import postgres_programs

    psql = (postgres_programs.on_this_machine() or postgres_programs.in_the_wheel()) / "psql"
    if not psql.is_file():
        raise Exit("psql is not installed: install PostgreSQL's client (postgresql-client).", 1)
    return psql
