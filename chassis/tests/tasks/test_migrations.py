"""`db.revision` and `db.migrate`: what is written, and how it runs."""

import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from billing import models
from flask_chassis.db import migration_environment, migration_lock
from flask_chassis.settings import load, variable_for
from flask_chassis.tasks import migrations

from .conftest import Run

SERVICE = Path(models.__file__).parents[1]
PACKAGE = Path(__file__).parents[2]

Plant = Callable[..., None]


@pytest.fixture
def versions(checkout: Path) -> Path:
    """The migrations of a checkout with the migrations of the service, and ruff's rules."""
    shutil.copytree(SERVICE / "migrations", checkout / "migrations")
    shutil.copy(SERVICE / "settings.yaml", checkout)
    rules = f'[tool.ruff]\nextend = "{PACKAGE / "pyproject.toml"}"\n'
    lint = '[tool.ruff.lint.per-file-ignores]\n"migrations/**" = ["E501", "INP001"]\n'
    (checkout / "pyproject.toml").write_text(rules + lint)
    return checkout / "migrations" / "versions"


@pytest.fixture
def migrated(run: Run, empty_database: Engine, versions: Path) -> Engine:
    """A database with the tables of the models."""
    assert run("db.migrate").code == 0
    return empty_database


def execute(engine: Engine, *statements: str) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


# Writing.

REPLACE = "ALTER TABLE {0} DROP CONSTRAINT {1}, ADD CONSTRAINT {1} CHECK ({2})"
DIFFERENCES = {
    "a table is missing": ("DROP TABLE bill_items, bills", ["op.create_table(", "ck_bills_status"]),
    "a column is missing": (
        "ALTER TABLE bills DROP COLUMN number",
        ['op.add_column("bills", sa.Column("number"', "uq_bills_number"],
    ),
    "a column is missing that can be null": (
        "ALTER TABLE bills DROP COLUMN former_status",
        ["former_status", "ck_bills_former_status"],
    ),
    "an enum has one value more": (
        REPLACE.format("bills", "ck_bills_status", "status IN ('draft', 'sent')"),
        ["op.drop_constraint(", "op.create_check_constraint(", "'paid'"],
    ),
    "a condition differs": (
        REPLACE.format("bill_items", "ck_bill_items_some_quantity", "quantity > 1"),
        ["op.drop_constraint(", "op.create_check_constraint(", "quantity > 0"],
    ),
    "a condition is missing": (
        "ALTER TABLE bill_items DROP CONSTRAINT ck_bill_items_some_quantity",
        ["op.create_check_constraint(", "quantity > 0"],
    ),
    "a condition is no longer needed": (
        "ALTER TABLE bill_items ADD CONSTRAINT ck_bill_items_old CHECK (quantity > -1)",
        ['op.drop_constraint(op.f("ck_bill_items_old")'],
    ),
    "a number has fewer digits": (
        "ALTER TABLE bill_items ALTER unit_price TYPE numeric(8, 2)",
        ["op.alter_column(", "precision=9"],
    ),
    "a default is missing": ("ALTER TABLE bills ALTER written DROP DEFAULT", ["server_default="]),
    "an index is missing": (
        "DROP INDEX uq_bills_customer_key",
        ["op.create_index(", "lower(customer)", "unique=True"],
    ),
    "a foreign key is missing": (
        "ALTER TABLE bills DROP CONSTRAINT fk_bills_replaces_bills",
        ["op.create_foreign_key(", "deferrable=True"],
    ),
}


@pytest.mark.parametrize("difference", DIFFERENCES)
def test_a_migration_has_what_the_tables_lack_and_is_accepted_as_it_is(
    run: Run, migrated: Engine, versions: Path, difference: str
) -> None:
    statement, expected = DIFFERENCES[difference]
    execute(migrated, statement)
    done = run("db.revision", "--message=add it again")
    assert done.code == 0, done.error

    [written] = versions.glob("0003*")
    assert written.name == "0003_add_it_again.py"
    content = written.read_text()
    assert content.startswith('"""Add it again.\n\nRevision: 0003, after 0002.\n')
    assert [part for part in expected if part not in content] == []
    assert_accepted(written)

    assert run("db.migrate").code == 0
    again = run("db.revision", "--message=again")
    assert again.code == 1
    assert "do not differ: no migration was written" in again.error
    assert "--empty" in again.error
    assert list(versions.glob("0004*")) == []
    assert run("db.downgrade", "--revision=0002").code == 0


def assert_accepted(written: Path) -> None:
    """See that a file is formatted, and passes the rules of the linter."""
    for words in (["format", "--check"], ["check"]):
        command = [sys.executable, "-m", "ruff", *words, str(written)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=written.parents[2])
        assert done.returncode == 0, done.stdout


def test_a_migration_can_be_empty_if_that_is_wanted(
    run: Run, migrated: Engine, versions: Path
) -> None:
    assert run("db.revision", "--message=Move the numbers.", "--empty").code == 0
    [written] = versions.glob("0003*")
    assert written.read_text().startswith('"""Move the numbers.\n')
    assert "# Write the operations here." in written.read_text()
    assert "# Write their reversal here." in written.read_text()
    assert_accepted(written)
    assert run("db.migrate").code == 0


def test_nothing_is_proposed_between_a_constraint_and_its_validation(
    run: Run, migrated: Engine, versions: Path, recwarn: pytest.WarningsRecorder
) -> None:
    execute(
        migrated,
        "ALTER TABLE bills ADD CONSTRAINT ck_bills_due_there CHECK (due IS NOT NULL) NOT VALID",
    )
    assert "do not differ" in run("db.revision", "--message=Nothing").error
    assert [str(each.message) for each in recwarn] == []
    execute(migrated, "ALTER TABLE bills VALIDATE CONSTRAINT ck_bills_due_there")
    assert run("db.revision", "--message=Drop it").code == 0
    [written] = versions.glob("0003*")
    assert 'op.drop_constraint(op.f("ck_bills_due_there")' in written.read_text("utf-8")


@pytest.mark.parametrize("reached", ["base", "0001"])
def test_a_database_that_lacks_migrations_names_the_task_that_runs_them(
    run: Run, migrated: Engine, versions: Path, reached: str
) -> None:
    assert run("db.downgrade", f"--revision={reached}").code == 0
    refused = run("db.revision", "--message=Create invoices")
    assert refused.code == 1
    # Whatever tests before this one let the log write to the output, no file is named.
    assert "0003" not in refused.out
    assert "Run `db.migrate` first, then this again." in refused.error
    assert list(versions.glob("0003*")) == []
    # What it says to do, works.
    assert run("db.migrate").code == 0
    assert "do not differ" in run("db.revision", "--message=Create invoices").error


def test_a_migration_that_was_deleted_after_it_ran_is_said(
    run: Run, migrated: Engine, versions: Path
) -> None:
    kept = {path: path.read_text() for path in versions.glob("*.py")}
    newest = max(path.name[:4] for path in kept)
    for path in kept:
        path.unlink()
    for words in (
        ["db.revision", "--message=x"],
        ["db.migrate"],
        ["db.downgrade", "--revision=base"],
    ):
        done = run(*words)
        assert done.code == 1
        assert f"migrations/versions has no revision {newest}. If the database is at" in done.error
    # What it says to do, works.
    for path, text_of_file in kept.items():
        path.write_text(text_of_file)
    assert run("db.downgrade", "--revision=base").code == 0
    for path in kept:
        path.unlink()
    assert run("db.revision", "--message=Create all").code == 0
    assert run("db.migrate").code == 0


@pytest.mark.parametrize("message", ["a" * 81, "two\nlines", ""])
def test_a_message_that_is_not_one_line_is_refused(
    run: Run, migrated: Engine, versions: Path, message: str
) -> None:
    failed = run("db.revision", f"--message={message}", "--empty")
    assert failed.code == 1
    assert "use at most 80, without a line break" in failed.error
    assert list(versions.glob("0003*")) == []


@pytest.mark.parametrize(
    ("statement", "advice"),
    [
        ("ALTER TABLE bills ADD old text", ["This drops bills.old.", "one release later"]),
        (
            "ALTER TABLE bills RENAME customer TO client",
            ["This drops bills.client.", "bills also gets customer. If a column was renamed"],
        ),
        ("ALTER TABLE bills DROP COLUMN number", ["bills.number is NOT NULL without a server_def"]),
        ("CREATE TABLE old (id integer)", ["This drops the table old.", "op.rename_table()"]),
    ],
)
def test_what_a_running_version_might_not_survive_is_said(
    run: Run, migrated: Engine, statement: str, advice: list[str]
) -> None:
    execute(migrated, statement)
    done = run("db.revision", "--message=change it")
    assert done.code == 0, done.error
    for each in advice:
        assert each in done.out


def test_values_of_a_native_enum_are_said_that_alembic_does_not_see(
    run: Run, migrated: Engine, versions: Path
) -> None:
    execute(
        migrated,
        "CREATE TYPE mood AS ENUM ('old', 'fine')",
        "CREATE TABLE moods (mood mood)",
    )
    (versions.parent / "env.py").write_text(
        "from sqlalchemy import Column, Enum, Table\n"
        "from billing import models\n"
        "from flask_chassis.db import migration_environment\n"
        "mood = Column('mood', Enum('fine', 'great', name='mood'))\n"
        "moods = Table('moods', models.METADATA, mood)\n"
        "try:\n    migration_environment.run(models.METADATA)\n"
        "finally:\n    models.METADATA.remove(moods)\n"
    )
    failed = run("db.revision", "--message=more moods")
    assert failed.code == 1
    assert "ALTER TYPE mood ADD VALUE 'great'" in failed.error
    assert "The native enum mood also has old: PostgreSQL cannot remove a value" in failed.error


# Running.


@pytest.fixture
def plant(versions: Path) -> Plant:
    """Add a migration with these lines, after the last one."""

    def plants(*lines: str) -> None:
        number = len(list(versions.glob("*.py"))) + 1
        (versions / f"{number:04}_planted.py").write_text(
            "from alembic import op\n"
            f'revision, down_revision = "{number:04}", "{number - 1:04}"\n'
            "def upgrade():\n    " + "\n    ".join(lines)
        )

    return plants


def revision(engine: Engine) -> str:
    with engine.connect() as connection:
        return str(connection.scalar(text("SELECT version_num FROM alembic_version")))


def test_a_migration_may_take_longer_than_a_request(
    run: Run, migrated: Engine, plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable_for("database.statement_timeout_seconds"), "1")
    plant('op.execute("SELECT pg_sleep(1.5)")')
    assert run("db.migrate").code == 0
    assert revision(migrated) == "0003"


IS_LOCKED = (
    'assert op.get_bind().exec_driver_sql("SELECT count(*) FROM pg_locks WHERE locktype = '
    "'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    '").scalar() == 1'
)
CONCURRENTLY = 'op.create_index("ix_c", "bills", ["customer"], postgresql_concurrently=True)'
IN_A_BLOCK = (
    "with op.get_context().autocommit_block():",
    f"    {IS_LOCKED}",
    f"    {CONCURRENTLY}",
)


def test_the_lock_holds_inside_and_outside_of_transactions(
    run: Run, migrated: Engine, plant: Plant
) -> None:
    plant(IS_LOCKED, *IN_A_BLOCK, IS_LOCKED)
    done = run("db.migrate")
    assert done.code == 0, done.error
    with migrated.begin() as connection:  # it is free again
        assert connection.scalar(text("SELECT pg_try_advisory_xact_lock(hashtext('alembic'))"))


def test_an_index_is_made_concurrently_while_another_process_waits_for_its_turn(
    run: Run, migrated: Engine, plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Waiting in the database would end in a deadlock."""
    monkeypatch.setattr(migration_lock, "POLL_SECONDS", 0.01)
    plant('op.execute("SELECT pg_sleep(0.5)")', *IN_A_BLOCK, 'op.execute("SELECT pg_sleep(0.5)")')

    def wait_for_turn() -> float:
        held = (
            "SELECT EXISTS (SELECT FROM pg_locks JOIN pg_database ON database = pg_database.oid "
            "WHERE locktype = 'advisory' AND datname = current_database())"
        )
        with migrated.connect() as connection:
            while not connection.scalar(text(held)):
                time.sleep(0.01)
        with migrated.connect() as connection, migration_lock.one_at_a_time(connection):
            assert revision(migrated) == "0003"
            return time.monotonic()

    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(wait_for_turn)
        assert run("db.migrate").code == 0
        waiting.result(timeout=10)


def test_a_process_that_migrates_for_too_long_is_not_waited_for(
    run: Run, migrated: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migration_lock, "WAIT_SECONDS", 0)
    with migrated.connect() as connection, migration_lock.one_at_a_time(connection):
        failed = run("db.migrate")
    assert failed.code == 1
    assert "Another process has been running migrations" in failed.error
    assert "Traceback" not in failed.error
    assert run("db.migrate").code == 0


def test_a_transaction_that_the_caller_has_begun_has_the_lock_to_its_end(
    migrated: Engine,
) -> None:
    with migrated.connect() as connection, connection.begin() as transaction:
        connection.execute(text("CREATE TABLE mine (id integer)"))
        with migration_lock.one_at_a_time(connection):
            pass
        assert connection.in_transaction()
        with migrated.connect() as other:
            assert not other.scalar(migration_lock.TRY)
        transaction.rollback()
    with migrated.connect() as connection, migration_lock.one_at_a_time(connection):
        assert not connection.scalar(text("SELECT to_regclass('mine')"))


@pytest.fixture
def locked(migrated: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """A transaction that locks a table until the event is set."""
    monkeypatch.setattr(migration_environment, "LOCK_TIMEOUT_SECONDS", 0.1)
    monkeypatch.setattr(migrations, "FIRST_PAUSE_SECONDS", 0.1)
    holding, ended = threading.Event(), threading.Event()

    def hold() -> None:
        with migrated.begin() as connection:
            connection.execute(text("LOCK TABLE bills"))
            holding.set()
            ended.wait(timeout=20)

    thread = threading.Thread(target=hold)
    thread.start()
    assert holding.wait(timeout=5)
    yield ended
    ended.set()
    thread.join()


CHANGE = 'op.execute("ALTER TABLE bills ADD note text")'


def test_a_locked_table_is_not_waited_for_in_the_way_of_others(
    run: Run, migrated: Engine, plant: Plant, locked: threading.Event
) -> None:
    plant('op.execute("ALTER TABLE bill_items ADD note text")')
    plant(CHANGE)
    failed = run("db.migrate")
    assert failed.code == 1
    assert failed.out.count("A table is locked by others. Trying again") == 4
    assert "A table stayed locked by others" in failed.error
    assert "pg_stat_activity" in failed.error
    locked.set()
    assert revision(migrated) == "0003"  # what was done before stays
    assert run("db.migrate").code == 0


def test_a_table_that_is_locked_for_a_moment_is_tried_again(
    run: Run, migrated: Engine, plant: Plant, locked: threading.Event
) -> None:
    plant(CHANGE)
    threading.Timer(0.4, locked.set).start()
    assert run("db.migrate").code == 0
    assert revision(migrated) == "0003"


def test_a_migration_that_fails_leaves_nothing_of_it_and_no_lock(
    run: Run, migrated: Engine, plant: Plant
) -> None:
    plant(CHANGE, 'op.execute("SELECT 1 / 0")')
    with pytest.raises(Exception, match="division by zero"):
        run("db.migrate")
    assert revision(migrated) == "0002"
    with migrated.connect() as connection, migration_lock.one_at_a_time(connection):
        pass


def test_the_ways_of_the_guide_work(
    run: Run, migrated: Engine, versions: Path, plant: Plant
) -> None:
    """See docs/how-to/migrations.md."""
    execute(
        migrated,
        "INSERT INTO bills (number, customer, due, status, revision) "
        "SELECT n, n, now(), 'draft', 1 FROM generate_series(1, 25) n",
    )
    block = "with op.get_context().autocommit_block():"
    plant(
        "import sqlalchemy as sa",
        'op.add_column("bills", sa.Column("client", sa.Text(), nullable=True))',
        "op.create_check_constraint(op.f('ck_bills_client_there'), 'bills', "
        "'client IS NOT NULL', postgresql_not_valid=True)",
        "op.create_foreign_key(op.f('fk_a'), 'bills', 'bills', ['replaces'], ['id'], "
        "postgresql_not_valid=True)",
    )
    plant(
        "import sqlalchemy as sa",
        block,
        "    portion = sa.text('UPDATE bills SET client = customer WHERE id IN (SELECT id FROM '",
        "        'bills WHERE client IS NULL AND customer IS NOT NULL LIMIT 10)')",
        "    while op.get_bind().execute(portion).rowcount:",
        "        pass",
    )
    plant(
        'op.execute("ALTER TABLE bills VALIDATE CONSTRAINT ck_bills_client_there")',
        'op.alter_column("bills", "client", nullable=False)',
        'op.drop_constraint(op.f("ck_bills_client_there"), "bills", type_="check")',
    )
    for _ in range(2):  # as after a failure
        plant(
            block,
            "    op.drop_index('uq_c', 'bills', postgresql_concurrently=True, if_exists=True)",
            "    op.create_index('uq_c', 'bills', ['client'], unique=True, "
            "postgresql_concurrently=True)",
        )
    plant('op.execute("ALTER TABLE bills ADD CONSTRAINT uq_c UNIQUE USING INDEX uq_c")')
    plant('op.execute("ALTER TABLE bills RENAME CONSTRAINT uq_c TO uq_bills_client")')
    done = run("db.migrate")
    assert done.code == 0, done.error
    with migrated.connect() as connection:
        assert connection.scalar(text("SELECT count(client) FROM bills")) == 25


def test_the_engine_of_requests_keeps_its_time_out(migrated: Engine) -> None:
    with migrated.connect() as connection:
        seconds = load()["database.statement_timeout_seconds"]
        assert connection.scalar(text("SHOW statement_timeout")) == f"{seconds}s"
