"""Finds new migrations that take the place of one that was deleted, as a revert of a commit does.

A database that has run the deleted one does not know its revision any more, and counts as migrated
by a later version: it never runs the new one.
"""

import ast
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from alembic.script import Script, ScriptDirectory

from flask_chassis_tools.updates import git

RULE = "deleted-migration"

FOLDER = "migrations/versions"

MAIN = "origin/main"
"""The branch whose commits are deployed; without it, the history of what is checked out counts."""

ALIKE = "--find-renames=95%"
"""A file that was only renamed is the same migration."""


@dataclass(frozen=True)
class Deleted:
    """A migration that the main branch had; a commit that has it."""

    path: str
    commit: str
    revision: str
    follows: tuple[str, ...]


def messages(
    scripts: list[Script], directory: ScriptDirectory, folder: Path, ignored: set[str]
) -> Iterator[str]:
    """Yield a message for each of the new migrations that takes the place of a deleted one."""
    known = {script.revision for script in directory.walk_revisions()}
    found = {each.revision: each for each in _deleted(folder)}
    for script in scripts:
        name = Path(script.path).name
        for deleted in found.values():
            if name not in ignored and _replaces(script, deleted, found, known):
                yield (
                    f"{name}: takes the place of {deleted.path}, which was deleted.\n"
                    f"  {RULE}: A database that has run that one would never run this one. Bring "
                    f"it back (git checkout {deleted.commit} -- {deleted.path}), undo its change "
                    "in a migration after it, and let this one follow. If it has run nowhere, say "
                    f"so: # squawk-ignore {RULE}: why"
                )


def _replaces(script: Script, deleted: Deleted, found: dict[str, Deleted], known: set[str]) -> bool:
    if script.revision == deleted.revision:
        return True
    before = set(_existing(deleted, found, known))
    return deleted.revision not in known and bool(before & set(_tuple(script.down_revision)))


def _existing(deleted: Deleted, found: dict[str, Deleted], known: set[str]) -> Iterator[str]:
    """Yield the nearest revisions before a deleted one that still exist."""
    for revision in deleted.follows:
        if revision in known:
            yield revision
        elif revision in found:
            yield from _existing(found[revision], found, known)


def _deleted(folder: Path) -> Iterator[Deleted]:
    """Yield the migrations that the main branch had, and that have no file any more."""
    based = git.tries(folder, "merge-base", MAIN, "HEAD")
    base = based.stdout.decode().strip() if based.returncode == 0 else "HEAD"
    options = ("--diff-filter=D", "--name-only", ALIKE)
    here = git.tries(folder, "diff", *options, base, "--", FOLDER).stdout.decode().split()
    found = [(base, path) for path in here]
    # What was merged is one change, whatever its commits tried out.
    words = ("log", "-m", "--first-parent", "--format=%x00%h", *options, base, "--", FOLDER)
    for entry in git.tries(folder, *words).stdout.decode().split("\0")[1:]:
        commit, *paths = entry.split()
        found += [(f"{commit}^", path) for path in paths]
    for commit, path in found:
        before = git.blob(folder, f"{commit}:{path}")
        revision, follows = _identity((before or b"").decode("utf-8", "replace"))
        if revision and not (folder / path).is_file():
            yield Deleted(path, commit, revision, follows)


def _identity(source: str) -> tuple[str, tuple[str, ...]]:
    """Return the revision of a migration, and those that it follows; nothing of it is run."""
    values: dict[str, object] = {}
    with contextlib.suppress(SyntaxError, ValueError):
        for node in ast.parse(source).body:
            targets = node.targets if isinstance(node, ast.Assign) else []
            if isinstance(node, ast.AnnAssign):
                targets = [node.target]
            for target in targets:
                values |= _assigned(target, getattr(node, "value", None))
    return str(values.get("revision") or ""), _tuple(values.get("down_revision"))


def _assigned(target: ast.expr, value: ast.expr | None) -> dict[str, object]:
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        pairs = zip(target.elts, value.elts, strict=False)
        return {name: each for pair in pairs for name, each in _assigned(*pair).items()}
    if isinstance(target, ast.Name) and value is not None:
        with contextlib.suppress(ValueError):
            return {target.id: ast.literal_eval(value)}
    return {}


def _tuple(revisions: object) -> tuple[str, ...]:
    if isinstance(revisions, (list, tuple)):
        return tuple(map(str, revisions))
    return (str(revisions),) if revisions else ()
