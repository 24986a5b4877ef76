"""Says whether a database has the tables that this version's code wants."""

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.script.revision import RevisionError
from alembic.util import CommandError
from sqlalchemy import Connection


def is_migrated(connection: Connection, scripts: ScriptDirectory) -> bool:
    """Return whether all migrations of this version have run, and perhaps some of a later one.

    A revision that this version does not know is of a later one: it has been rolled back, and old
    code works with the newer tables (docs/changing-a-contract.md).
    """
    present = MigrationContext.configure(connection).get_current_heads()
    passed: set[str] = set()
    for head in present:
        try:
            passed |= {script.revision for script in scripts.iterate_revisions(head, "base")}
        except (CommandError, RevisionError):
            return True
    return set(scripts.get_heads()) <= passed
