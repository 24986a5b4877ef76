"""Reads the migrations of a service: their order, and the tables that each creates."""

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from . import code
from .faults import ResourceError

FOLDER = "migrations/versions"


@dataclass(frozen=True, slots=True)
class Migration:
    """A migration's file."""

    name: str
    """Its path below the service's folder."""

    revision: str
    after: str | None
    creates: tuple[str, ...]
    """The tables that it creates."""

    texts: tuple[str, ...]

    def mentions(self, tables: list[str]) -> bool:
        """Return whether one of some tables is named."""
        pattern = re.compile(rf"(?<!\w)({'|'.join(map(re.escape, tables))})(?!\w)")
        return any(pattern.search(text) for text in self.texts)


def read(folder: Path) -> list[Migration]:
    """Return the migrations, the oldest first; ResourceError unless they are one line."""
    found = [_migration(name, tree) for name, tree in code.modules(folder, FOLDER)]
    by_predecessor = {each.after: each for each in found}
    line: list[Migration] = []
    while (following := by_predecessor.get(line[-1].revision if line else None)) is not None:
        line.append(following)
    if len(line) != len(found):
        raise ResourceError(
            f"The migrations in {FOLDER}, {len(found)} in all, are not one line, from the first "
            "to the newest: set down_revision so that each follows another. Nothing was written."
        )
    return line


def next_revision(migrations: list[Migration]) -> str:
    """Return the number of the next migration: `0002` after `0001`."""
    numbers = [int(each.revision) for each in migrations if each.revision.isdecimal()]
    return f"{max([len(migrations), *numbers]) + 1:04}"


def _migration(name: str, tree: ast.Module) -> Migration:
    values = {
        ast.unparse(node.targets[0]): node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
    }
    # Alembic's own template annotates: `revision: str = "1b2c"`.
    values |= {
        ast.unparse(node.target): node.value.value
        for node in tree.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Constant)
    }
    revision, after = values.get("revision"), values.get("down_revision")
    if not isinstance(revision, str) or not isinstance(after, (str, type(None))):
        raise ResourceError(
            f"{name} must set revision to a text, and down_revision to a text or None. "
            "Nothing was written."
        )
    created = [
        _value(node.args[0], values)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "op.create_table" and node.args
    ]
    return Migration(name, revision, after, tuple(created), tuple(code.texts(tree)))


def _value(node: ast.expr, values: Mapping[str, object]) -> str:
    found = node.value if isinstance(node, ast.Constant) else values.get(ast.unparse(node), "?")
    return str(found)
