"""Removes a resource from a service: its package, tests, registrations and tables."""

import re
from dataclasses import dataclass
from pathlib import Path

from flask_chassis_tools.updates import git
from flask_chassis_tools.updates.faults import UpdateError

from . import changes, code, dropping, ingress, migration_files, readme, registration, words
from .faults import ResourceError
from .formatting import formatted
from .migration_files import Migration

MODELS = ("model.py", "models.py")
"""What the module with the models is called: by resource.add, and by people."""


@dataclass(frozen=True, slots=True)
class Removed:
    """What was done."""

    plural: str
    files: list[str]
    migration: str
    """What happened to the tables, as a sentence."""

    mentions: list[str]
    """Files that still name the resource."""


def remove(given: str, package: str, folder: Path, *, drop: bool, force: bool) -> Removed:
    """Remove a resource, named in the singular or plural.

    `drop` allows a migration that drops its tables; `force`, that what git does not have is lost.
    Raises ResourceError, having changed nothing.
    """
    plural = _plural(given, package, folder)
    own = [f"{package}/{plural}", f"tests/{plural}"]
    _require_unused(plural, own, package, folder)
    texts = registration.without_resource(registration.read(folder / package), plural, package)
    written: dict[str, str | None] = {
        f"{package}/{name}": formatted(text, f"{package}/{name}", folder)
        for name, text in texts.items()
    }
    tables = [table for _, tree in code.modules(folder, own[0]) for table in code.tables(tree)]
    migration, said = _without_tables(tables, folder, drop=drop)
    written |= migration
    if text := _read(folder / ingress.NAME):
        written[ingress.NAME] = ingress.without_path(text, f"/api/{plural}")
    if text := _read(folder / readme.NAME):
        written[readme.NAME] = readme.without_resource(text, plural)
    files = [
        path.relative_to(folder).as_posix()
        for each in own
        for path in sorted((folder / each).rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    ]
    written |= dict.fromkeys(files)
    written = {name: text for name, text in written.items() if _differs(folder / name, text)}
    if not force:
        _require_committed([*own, *written], folder)
    changes.apply(folder, written)
    return Removed(plural, sorted(written), said, _mentions(plural, package, folder))


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _plural(given: str, package: str, folder: Path) -> str:
    words.require_word("The name", given, words.LONGEST_PLURAL)
    for plural in (given, words.plural_of(given)):
        if is_resource(folder / package / plural):
            return plural
    resources = sorted(path.name for path in (folder / package).iterdir() if is_resource(path))
    raise ResourceError(
        f"{package}/ has no resource {given}, that is, no folder of this name with a "
        f"{' or '.join(MODELS)}. It has: {', '.join(resources) or 'none'}."
    )


def is_resource(folder: Path) -> bool:
    """Return whether a folder is a package with models of its own."""
    return any((folder / name).is_file() for name in MODELS)


def _require_unused(plural: str, own: list[str], package: str, folder: Path) -> None:
    """Raise ResourceError if other code imports the resource's package."""
    registered = {f"{package}/{name}" for name in (registration.DOMAIN, registration.MODELS)}
    used = [
        f"{name}:{node.lineno}"
        for name, tree in code.modules(folder, package, "tests", "migrations")
        if name not in registered and not any(name.startswith(f"{each}/") for each in own)
        for node in code.imported(tree, plural, package)
    ]
    if used:
        raise ResourceError(
            f"{package}.{plural} is imported elsewhere: {', '.join(used)}. Remove these imports "
            "first. Nothing was removed."
        )


def _without_tables(
    tables: list[str], folder: Path, *, drop: bool
) -> tuple[dict[str, str | None], str]:
    """Return the migrations that change, and what happens to the tables as a sentence."""
    migrations = migration_files.read(folder)
    making = [each for each in migrations if set(each.creates) & set(tables)]
    if not tables or not making:
        return {}, "No migration creates its tables: none was changed."
    name = making[0].name
    later = [each.name for each in migrations if each not in making and each.mentions(tables)]
    is_own = len(making) == 1 and set(making[0].creates) == set(tables)
    if is_own and not later and making[0] is migrations[-1] and not _is_released(name, folder):
        return {name: None}, (
            f"{name} was not released, and was removed. Restore it to revert a database that has "
            f"run it: db.downgrade {making[0].after or 'base'}"
        )
    shown = ", ".join(tables)
    if not is_own or later:
        places = ", ".join([*(each.name for each in making), *later])
        raise ResourceError(
            f"The tables {shown} are created with others, or changed or referred to later: see "
            f"{places}. Remove the models, and run db.revision for a migration that drops them. "
            "Nothing was removed."
        )
    if not drop:
        raise ResourceError(
            f"{name} is released, or others follow it, so the tables {shown} may have data. Use "
            "--drop-tables to write a migration that drops them and all that they contain. "
            "Nothing was removed."
        )
    return _dropped(making[0], migrations, tables, folder)


def _dropped(
    making: Migration, migrations: list[Migration], tables: list[str], folder: Path
) -> tuple[dict[str, str | None], str]:
    revision = migration_files.next_revision(migrations)
    name = f"{migration_files.FOLDER}/{revision}_drop_{tables[-1]}.py"
    source = (folder / making.name).read_text(encoding="utf-8")
    text = dropping.reverted(source, making, revision, migrations[-1].revision, tables)
    return {name: formatted(text, name, folder)}, (
        f"{name} drops the tables {', '.join(tables)} with all that they contain. Versions before "
        "this one need them: deploy this one everywhere first, or release the migration later."
    )


def _is_released(name: str, folder: Path) -> bool:
    """Return whether the last tag has a file."""
    try:
        described = git.tries(folder, "describe", "--tags", "--abbrev=0")
        tag = described.stdout.decode().strip()
        return bool(tag) and git.tries(folder, "cat-file", "-e", f"{tag}:./{name}").returncode == 0
    except UpdateError:
        return False


def _require_committed(names: list[str], folder: Path) -> None:
    if lost := changes.uncommitted(folder, names):
        raise ResourceError(
            f"Git cannot bring these back: {', '.join(lost)}. Commit them, or use --force. "
            "Nothing was removed."
        )


def _mentions(plural: str, package: str, folder: Path) -> list[str]:
    """Return the files of people's that still name the resource."""
    # Names of the service that contain the word, such as thoughts-backend, are none.
    named = re.compile(rf"(?<![\w-]){plural}(?![\w-])")
    paths = [folder / readme.NAME, folder / "settings.yaml", *(folder / package).rglob("*.py")]
    return [path.relative_to(folder).as_posix() for path in paths if named.search(_read(path))]


def _differs(path: Path, text: str | None) -> bool:
    return not path.is_file() or path.read_text(encoding="utf-8") != text
