"""Checks whether a database has the migrations of this version."""

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.script.revision import RevisionError
from alembic.util import CommandError
from sqlalchemy import Connection


def is_migrated(connection: Connection, scripts: ScriptDirectory) -> bool:
    """Return whether all migrations of this version, or also those of a later version, have run.

    An unknown revision belongs to a later version that was rolled back. Older code works with the
    newer tables (docs/changing-a-contract.md).
    """
    present = MigrationContext.configure(connection).get_current_heads()
    passed: set[str] = set()
    for head in present:
        try:
            passed |= {script.revision for script in scripts.iterate_revisions(head, "base")}
        except (CommandError, RevisionError):
            return True
    return set(scripts.get_heads()) <= passed
