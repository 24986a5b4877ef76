"""`db.create`, `db.migrate`, `db.downgrade` and `db.serve`. See test_migrations.py, too."""

import os
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
from sqlalchemy import Engine, text

from billing import models
from flask_chassis.settings import Settings, load, variable_for
from flask_chassis.tasks import migrations
from flask_chassis.tasks.embedded_postgres import EmbeddedPostgres
from flask_chassis.testing import free_port

from ..clock import time_with
from .conftest import Run

NAME = 'other "name'


@pytest.fixture
def wanted(
    settings: Settings, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Settings]:
    """Want a role and a database that are not there, with names that need quotes."""
    for key, value in {"name": NAME, "user": "o'ther", "password": "p'%s:@/ü"}.items():
        monkeypatch.setenv(variable_for(f"database.{key}"), value)
    found = load()
    yield found
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT current_user")) == settings["database.user"]


def connect(found: Settings) -> closing[psycopg2.extensions.connection]:
    """Connect to the database as the service does."""
    return closing(
        psycopg2.connect(
            host=found["database.host"],
            port=found["database.port"],
            user=found["database.user"],
            password=found["database.password"],
            dbname=found["database.name"],
        )
    )


def test_a_database_is_made_once_and_may_be_asked_for_again(run: Run, wanted: Settings) -> None:
    for _ in range(2):
        assert run("db.create").code == 0
    with connect(wanted) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT current_user, current_database(), lower('ÄÖÜ')")
        assert cursor.fetchone() == ("o'ther", NAME, "äöü")


def test_a_new_password_is_set(run: Run, wanted: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    run("db.create")
    monkeypatch.setenv(variable_for("database.password"), "new")
    assert run("db.create").code == 0
    with connect(load()):
        pass
    with pytest.raises(psycopg2.OperationalError, match="authentication"), connect(wanted):
        pass


def test_the_administrator_is_who_the_variables_say(
    run: Run, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTGRES_PASSWORD", "wrong")
    failed = run("db.create")
    assert failed.code == 1
    assert "POSTGRES_PASSWORD" in failed.error
    assert "Traceback" not in failed.error


@pytest.mark.parametrize("task", ["db.create", "db.migrate"])
def test_a_server_that_is_not_there_is_named(
    run: Run, settings: Settings, monkeypatch: pytest.MonkeyPatch, task: str
) -> None:
    port = str(free_port())
    monkeypatch.setenv(variable_for("database.port"), port)
    failed = run(task)
    assert failed.code == 1
    assert port in failed.error
    assert "Traceback" not in failed.error


def tables(engine: Engine) -> set[str]:
    """Return the names of the tables."""
    with engine.connect() as connection:
        names = connection.scalars(
            text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        )
        return set(names)


def test_a_database_is_migrated_there_and_back(run: Run, empty_database: Engine) -> None:
    for _ in range(2):
        assert run("db.migrate").code == 0
        assert set(models.METADATA.tables) < tables(empty_database)
    assert run("db.downgrade", "--revision=base").code == 0
    assert tables(empty_database) == {"alembic_version"}


def test_a_revision_that_is_not_there_is_told(run: Run, empty_database: Engine) -> None:
    failed = run("db.migrate", "--revision=nowhere")
    assert failed.code == 1
    assert "nowhere" in failed.error
    assert "Traceback" not in failed.error


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that a server which root starts can enter, unlike those that pytest makes."""
    with tempfile.TemporaryDirectory(prefix="postgres-") as made:
        yield Path(made)


def test_a_server_for_development_serves_until_it_is_stopped(
    run: Run, folder: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()

    def wait(server: EmbeddedPostgres) -> None:
        with connect_as_administrator(port):
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(10)  # the signal ends this
        pytest.fail("The signal was not noticed.")

    monkeypatch.setattr(EmbeddedPostgres, "wait", wait)
    before = signal.getsignal(signal.SIGTERM)
    done = run("db.serve", f"--folder={folder}", f"--port={port}")
    signal.signal(signal.SIGTERM, before)
    assert done.code == 0
    assert f"serves {folder} on 127.0.0.1:{port}" in done.out
    assert done.out.endswith("Stopping.\n")
    with pytest.raises(psycopg2.OperationalError), connect_as_administrator(port):
        pass


def connect_as_administrator(port: int) -> closing[psycopg2.extensions.connection]:
    """Connect to a server for development."""
    return closing(
        psycopg2.connect(
            host="127.0.0.1", port=port, user="postgres", password="postgres", dbname="postgres"
        )
    )


def test_no_server_for_development_is_served_elsewhere(
    run: Run, production: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in ("database.host", "database.password"):
        monkeypatch.setenv(variable_for(key), "supplied")
    failed = run("db.serve")
    assert failed.code == 1
    assert failed.error.strip() == f"db.serve is for development; this is {production}."


# Waiting for a migration, as pods do.


def test_a_database_that_is_migrated_is_not_waited_for(run: Run, engine: Engine) -> None:
    done = run("db.wait", "--timeout=0")
    assert done.code == 0
    assert done.out.endswith("The database has the tables of this version.\n")


@pytest.fixture
def revision(engine: Engine) -> Iterator[str]:
    """The revision that the tables are at; a test may put another there."""
    with engine.begin() as connection:
        found = str(connection.scalar(text("SELECT version_num FROM alembic_version")))
    yield found
    set_revision(engine, found)


def set_revision(engine: Engine, revision: str) -> None:
    """Have the tables be at a revision, or at none."""
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM alembic_version"))
        if revision:
            statement = text("INSERT INTO alembic_version VALUES (:revision)")
            connection.execute(statement, {"revision": revision})


def test_a_database_that_is_not_migrated_is_waited_for(
    run: Run, engine: Engine, revision: str
) -> None:
    set_revision(engine, "")
    failed = run("db.wait", "--timeout=0")
    assert failed.code == 1
    assert "it lacks migrations" in failed.error
    assert run("db.wait", "--timeout=0", "--server").code == 0


def test_tables_of_a_later_version_do_for_one_that_is_rolled_back_to(
    run: Run, engine: Engine, revision: str
) -> None:
    set_revision(engine, "of_a_later_version")
    assert run("db.wait", "--timeout=0").code == 0
    assert run("db.migrate", "--unless-newer").code == 0
    failed = run("db.migrate")
    assert failed.code == 1
    assert "of_a_later_version" in failed.error


def test_a_server_that_does_not_answer_is_not_waited_for_for_ever(
    run: Run, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable_for("database.port"), str(free_port()))
    failed = run("db.wait", "--timeout=1")
    assert failed.code == 1
    assert "The database is not ready after 1 s: The database cannot be reached" in failed.error
    assert failed.error.rstrip().endswith("In development, `db.serve` starts one.")


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("database.password", "wrong", "password authentication failed"),
        ("database.user", "nobody_here", "nobody_here"),
        ("database.name", "nothing_here", 'database "nothing_here" does not exist'),
    ],
)
@pytest.mark.parametrize("server", [[], ["--server"]], ids=["migrated", "server"])
def test_what_the_server_refuses_is_not_waited_for(
    run: Run,
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    key: str,
    value: str,
    said: str,
    server: list[str],
) -> None:
    monkeypatch.setenv(variable_for(key), value)
    begun = time.monotonic()
    failed = run("db.wait", "--timeout=60", *server)
    assert time.monotonic() - begun < 20
    assert failed.code == 1
    assert said in failed.error
    assert "Compare database.user, database.password" in failed.error
    assert "Waiting" not in failed.out


def test_what_is_missing_is_told_while_it_is_waited_for(
    run: Run, engine: Engine, revision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_revision(engine, "")
    pauses = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            set_revision(engine, revision)

    monkeypatch.setattr(migrations, "time", time_with(sleep=pause))
    done = run("db.wait", "--timeout=60")
    assert done.code == 0
    assert len(pauses) == 3
    # Once, as it does not change.
    assert done.out.count("Waiting: it lacks migrations") == 1
