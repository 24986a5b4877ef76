"""Runs migrations with Alembic: what a service's `migrations/env.py` calls.

Migrations run one process at a time. Each has a transaction of its own, in which it gives up
waiting for a table's lock.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from alembic import context
from sqlalchemy import Connection, MetaData, event
from sqlalchemy.exc import SAWarning

from flask_chassis.db import check_constraints
from flask_chassis.db.migration_lock import one_at_a_time

LOCK_TIMEOUT_SECONDS = 10
"""A migration that waits for a table's lock blocks all later queries of the table: it must fail."""

PLUGINS = ["alembic.autogenerate.*", check_constraints.NAME]


def run(metadata: MetaData) -> None:
    """Run the migrations on the connection that a task or a test puts into Alembic's attributes.

    `metadata` has the tables of all models, for comparisons with the database. Offline,
    the SQL is written without a database.
    """
    if context.is_offline_mode():
        context.configure(
            dialect_name="postgresql",
            target_metadata=metadata,
            literal_binds=True,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        return
    connection: Connection = context.config.attributes["connection"]
    with one_at_a_time(connection):
        event.listen(connection, "begin", limit_waiting)
        try:
            context.configure(
                connection=connection,
                target_metadata=metadata,
                include_object=is_compared,
                render_item=check_constraints.render,
                compare_type=True,
                compare_server_default=True,
                autogenerate_plugins=PLUGINS,
                # A migration that leaves its transaction, for CREATE INDEX CONCURRENTLY, commits
                # what was before it: no other migration may be part of that.
                transaction_per_migration=True,
            )
            with context.begin_transaction(), options_of_constraints_left_out():
                context.run_migrations()
        finally:
            event.remove(connection, "begin", limit_waiting)


@contextmanager
def options_of_constraints_left_out() -> Iterator[None]:
    """Hide SQLAlchemy's warning for a CHECK constraint that is NOT VALID or NO INHERIT.

    Its reflection hands the options on without the prefix of the dialect, and then warns that it
    cannot validate them. Without them, the constraint is still read.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", r"Can't validate argument 'dialect_options'", category=SAWarning
        )
        yield


def limit_waiting(connection: Connection) -> None:
    """Set the lock time-out of a transaction that begins.

    Statements in `autocommit_block()` have no lock time-out: CREATE INDEX CONCURRENTLY waits for
    the transactions of others, and blocks nobody meanwhile.
    """
    if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT_SECONDS}s'")


def is_compared(subject: object, name: str | None, kind: str, *_: object) -> bool:
    """Return whether to compare an object: trigram indexes exist on some servers only."""
    return not (kind == "index" and name is not None and name.endswith("_trgm"))
