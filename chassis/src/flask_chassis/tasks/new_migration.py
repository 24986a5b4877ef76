"""Writes a migration from the differences between the models and the database."""

from collections.abc import Iterable, Iterator
from importlib.util import find_spec

from alembic import command
from alembic.config import Config
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext
from invoke import Exit
from sqlalchemy import Connection, Enum, MetaData, inspect
from sqlalchemy.dialects.postgresql.base import PGInspector

LONGEST_MESSAGE = 80

HOOKS = {
    "hooks": "lint, format",
    "lint.type": "module",
    "lint.module": "ruff",
    "lint.options": "check --fix --exit-zero --quiet REVISION_SCRIPT_FILENAME",
    "format.type": "module",
    "format.module": "ruff",
    "format.options": "format --quiet REVISION_SCRIPT_FILENAME",
}
"""What Alembic runs on the new file, so that the service's own rules for code accept it."""


def write(config: Config, message: str, revision: str, *, empty: bool = False) -> list[str]:
    """Write a migration, and return what its author has to look at.

    Raises Exit if nothing differs, unless it is to be `empty`, or if the message is not one line.
    """
    if len(message.splitlines()) != 1 or len(message) > LONGEST_MESSAGE:
        raise Exit(
            f"The message has {len(message)} characters or several lines. It becomes the first "
            f"line of the migration: use at most {LONGEST_MESSAGE}, without a line break.",
            1,
        )
    if find_spec("ruff"):
        for name, value in HOOKS.items():
            config.set_section_option("post_write_hooks", name, value)
    advice: list[str] = []

    def look(
        context: MigrationContext, revisions: object, scripts: list[ops.MigrationScript]
    ) -> None:
        changes = list(_flat(scripts[0].upgrade_ops_list)) if not empty else []
        advice.extend(advice_on(changes))
        metadata = context.opts["target_metadata"]
        if context.connection is not None:
            advice.extend(advice_on_enums(context.connection, metadata))
        if not changes and not empty:
            scripts.clear()

    script = command.revision(
        config,
        message.rstrip("."),
        autogenerate=not empty,
        rev_id=revision,
        process_revision_directives=look,
    )
    if not script:
        nothing = (
            "The models and the tables do not differ: no migration was written. Change the models "
            "first, import them in models.py, or use --empty for a migration of your own."
        )
        raise Exit("\n".join([nothing, *advice]), 1)
    return advice


def advice_on(changes: Iterable[ops.MigrateOperation]) -> list[str]:
    """Return a sentence for each operation that the running version might not survive."""
    added: dict[str, list[str]] = {}
    dropped: dict[str, list[str]] = {}
    advice = []
    for change in changes:
        match change:
            case ops.AddColumnOp(table_name=table, column=column):
                added.setdefault(table, []).append(column.name)
                if not column.nullable and column.server_default is None:
                    advice.append(
                        f"{table}.{column.name} is NOT NULL without a server_default: this fails "
                        "if the table has rows. Add it with a server_default, or nullable first."
                    )
            case ops.DropColumnOp(table_name=table, column_name=name):
                dropped.setdefault(table, []).append(name)
            case ops.DropTableOp(table_name=table):
                advice.append(
                    f"This drops the table {table}. If it was renamed, use op.rename_table() "
                    "instead. The version that is running still uses it: drop it one release later."
                )
            case _:
                pass
    for table, names in dropped.items():
        advice.append(
            f"This drops {', '.join(f'{table}.{name}' for name in names)}. The version that is "
            "running still uses it: drop it one release later."
        )
        if table in added:
            advice.append(
                f"{table} also gets {', '.join(added[table])}. If a column was renamed, its values "
                "would be lost: copy them first, in a release of its own."
            )
    return advice


def advice_on_enums(connection: Connection, metadata: MetaData) -> list[str]:
    """Return a sentence for each native enum whose values differ: Alembic does not see them."""
    inspector = inspect(connection)
    if not isinstance(inspector, PGInspector):
        return []
    stored = {each["name"]: each["labels"] for each in inspector.get_enums()}
    advice = []
    for name, values in sorted(_native_enums(metadata)):
        labels = stored.get(name, list(values))
        if new := [value for value in values if value not in labels]:
            lines = "; ".join(f"ALTER TYPE {name} ADD VALUE '{value}'" for value in new)
            advice.append(
                f"The native enum {name} lacks {', '.join(new)}. Write it into the migration, in "
                f"`with op.get_context().autocommit_block():`, with op.execute(): {lines}"
            )
        if old := [label for label in labels if label not in values]:
            advice.append(
                f"The native enum {name} also has {', '.join(old)}: PostgreSQL cannot remove a "
                "value. Leave it, or change the column to Enum(native_enum=False)."
            )
    return advice


def _native_enums(metadata: MetaData) -> set[tuple[str, tuple[str, ...]]]:
    types = [column.type for table in metadata.tables.values() for column in table.columns]
    return {
        (each.name, tuple(each.enums))
        for each in types
        if isinstance(each, Enum) and each.native_enum and each.name
    }


def _flat(changes: Iterable[ops.MigrateOperation]) -> Iterator[ops.MigrateOperation]:
    """Return operations without the containers that they are in."""
    for change in changes:
        if isinstance(change, ops.OpContainer):
            yield from _flat(change.ops)
        else:
            yield change
