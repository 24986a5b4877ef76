"""Runs the migrations, on the connection that the task or the test hands over."""

from alembic import context
from sqlalchemy import text

from {{ cookiecutter.package_name }} import models

# Two deployments that start at once migrate one after the other: the second finds nothing to do.
ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtext('alembic'))")

# A migration that has to wait for a lock makes everybody behind it wait: better to fail and retry.
LOCK_TIMEOUT = text("SET LOCAL lock_timeout = '10s'")


def is_compared(subject: object, name: str | None, kind: str, *_: object) -> bool:
    """Leave out of comparisons the indexes that only some servers can have."""
    return not (kind == "index" and name is not None and name.endswith("_trgm"))


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=models.METADATA,
    include_object=is_compared,
)
with context.begin_transaction():
    context.execute(ONE_AT_A_TIME)
    context.execute(LOCK_TIMEOUT)
    context.run_migrations()
