"""Prepares the two renders for the merge: without what an update leaves alone."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from . import checksums, git, lock_file, ownership, record, renames
from .binaries import is_binary
from .comparing import Compared, compare
from .faults import UpdateError
from .renames import Files, Places
from .scratch import REGULAR, SYMLINK, Scratch

GENERATED = (lock_file.FILE, record.FILE, checksums.FILE)
"""Files that are not merged: an update writes them again."""


@dataclass(frozen=True)
class Sides:
    """The trees to merge, in which files have the names that the service has given them."""

    old: str
    new: str
    notes: list[str]
    own: dict[str, str]
    left_out: list[str]
    skipped: list[str]
    checksums: str
    folders: Mapping[str, str]
    edited: Mapping[str, str]
    """Files that were edited here, by the name that the service had for them: the template renamed
    them, and this update does."""


def prepare(
    scratch: Scratch,
    old: Path | None,
    new: Path,
    known: Collection[str] = (),
    restored: Collection[str] = (),
) -> Sides:
    """Store the renders without seeded files and files that the service deleted.

    Files that the template renamed get their new names in the service, too. `known` are the files
    whose changes earlier updates did not apply, `restored` those that the service wants back.
    UpdateError if one of these was not deleted, or if the list of owners is not valid.
    """
    old_tree = scratch.tree_of(old, GENERATED) if old else git.ask(scratch.folder, "mktree")
    new_tree = scratch.tree_of(new, GENERATED)
    compared = compare(scratch, (old_tree, new_tree), (old, new))
    seeded, own = _owned_by_the_service(compared, new, has_base=old is not None)
    deleted = _deleted(compared, seeded, new)
    now = {name: compared.moved.get(name, name) for name in deleted}
    place = {name: compared.places.of(now[name]) for name in deleted}
    # A file that somebody has brought back, or does not list as the service's own any more, may be
    # old: it is compared with the new one.
    came_back = {
        name
        for name in {*compared.before, *compared.after} - seeded
        if compared.is_here(name) and {name, compared.places.of(name)} & {*known}
    }
    again = {name: compared.places.of(name) for name in came_back if name in compared.after}
    gone = {place[name] for name in deleted if now[name] in compared.after}
    _require_restorable(restored, gone | {*again.values()}, compared)
    again = {name: at for name, at in again.items() if at in restored}
    if again:
        entries = {at: compared.after[name] for name, at in again.items()}
        scratch.ours = scratch.edited(scratch.ours, entries)
    kept_out = {name for name in deleted if place[name] not in restored}
    left_out = {
        place[name]
        for name in kept_out
        if now[name] in compared.after
        if compared.done_by_the_template(name) or {name, now[name], place[name]} & {*known}
    }
    replaced = {
        name: compared.places.of(name)
        for name, label in compared.classes.items()
        if compared.is_here(name) and label == ownership.TEMPLATE
    }
    more, notes = _replace_binaries(scratch, old, new, replaced, compared)
    without = seeded | deleted | came_back, seeded | kept_out | {now[name] for name in kept_out}
    renamed, edited = _rename(scratch, compared, without[0] | without[1])
    old_changes = _changes(compared.before, without[0], compared.places, renamed)
    return Sides(
        scratch.edited(old_tree, old_changes | more),
        scratch.edited(new_tree, _changes(compared.after, without[1], compared.places, {})),
        [*_ineffective(compared), *notes, *_moves(compared, renamed)],
        own,
        sorted(left_out),
        sorted(_skipped(compared, known)),
        _checksums(compared, new),
        compared.places.folders,
        edited,
    )


def _rename(
    scratch: Scratch, compared: Compared, without: Collection[str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Rename the files of the service that the template renamed.

    Return all of them, and those that were edited here, by the names that they had.
    """
    renamed = _renamed(compared, without)
    edited = {
        place: renamed[place]
        for name, about in compared.before.items()
        if (place := compared.places.of(name)) in renamed and compared.ours[place] != about
    }
    if renamed:
        here = scratch.files(scratch.ours)
        added = {after: here[before] for before, after in renamed.items()}
        scratch.ours = scratch.edited(scratch.ours, dict.fromkeys(renamed) | added)
    return renamed, edited


def _renamed(compared: Compared, without: Collection[str]) -> dict[str, str]:
    """Return the files of the service that get the template's new name, by their present name.

    A file whose new name is taken here keeps its name: the merge then has a conflict.
    """
    found: dict[str, str] = {}
    for name, after in compared.moved.items():
        if {name, after} & {*without}:
            continue
        place, target = compared.places.of(name), compared.places.of(after)
        in_the_way = {target, *renames.parents(target)} & {*compared.ours, *found.values()} - {
            place
        }
        if place == target or place not in compared.ours:
            continue
        if not in_the_way and target not in compared.folders_here:
            found[place] = target
    return found


def _owned_by_the_service(
    compared: Compared, new: Path, *, has_base: bool
) -> tuple[set[str], dict[str, str]]:
    """Return the files to leave alone, and what the template did to those that are here."""
    found, own = set[str](), dict[str, str]()
    origins = {after: before for before, after in compared.moved.items()}
    for name, label in compared.classes.items():
        if label != ownership.SEEDED:
            continue
        is_kept_out = compared.is_kept_out(name)
        is_moved = compared.classes.get(origins.get(name, "")) == ownership.SEEDED
        is_first = name not in compared.before and not is_moved and not compared.is_here(name)
        # A seeded file is rendered once, with the release that adds it.
        if is_first and not is_kept_out and not compared.is_in_deleted_folder(name):
            continue
        found.add(name)
        is_told = compared.is_here(name) or (is_first and not compared.is_in_deleted_folder(name))
        if has_base and is_told and (what := compared.done_by_the_template(name)):
            own[name] = what
    return found, own


def _skipped(compared: Compared, known: Collection[str]) -> set[str]:
    """Return the files that only the service lists as its own, and whose changes it lacks.

    It gets them if it takes a file off its list.
    """
    found = set()
    for name in compared.after:
        place = compared.places.of(name)
        is_changed = compared.done_by_the_template(name) or {name, place} & {*known}
        if place in compared.ours and compared.is_kept_out(name) and is_changed:
            found.add(place)
    return found


def _deleted(compared: Compared, seeded: Collection[str], new: Path) -> set[str]:
    """Return the template's files that the service deleted, and new ones in deleted folders."""
    gone = {name for name in compared.before if not compared.is_here(name)}
    added = {
        name
        for name in compared.after
        if not compared.is_here(name) and compared.is_in_deleted_folder(name)
        # A service on a patched chassis may have no wheel, and gets those of the next release.
        if not is_binary((new / name).read_bytes())
    }
    return (gone | added) - {*seeded}


def _require_restorable(
    restored: Collection[str], deleted: Collection[str], compared: Compared
) -> None:
    if wrong := sorted({*restored} - {*deleted}):
        seeded = {
            compared.places.of(name): name
            for name, label in compared.classes.items()
            if label == ownership.SEEDED
        }
        if wrong[0] in seeded and compared.is_kept_out(seeded[wrong[0]]):
            raise UpdateError(
                f"{wrong[0]} is listed under seeded in {ownership.FILE} of the service: updates "
                "leave it alone. Take it off the list and commit that, then start again."
            )
        if wrong[0] in seeded:
            raise UpdateError(
                f"{wrong[0]} is the service's own: the template renders it once, and no update "
                "brings it back. Restore it from the service's history, or copy it from a render."
            )
        known = ", ".join(sorted(deleted)) or "none"
        raise UpdateError(
            f"{wrong[0]} is not a file of the template that was deleted here. Such files are: "
            f"{known}."
        )


def _ineffective(compared: Compared) -> Iterator[str]:
    names = {*compared.before, *compared.after}
    names |= {compared.places.of(name) for name in names}
    for label, pattern, reason in compared.owners.ineffective(names):
        yield f"{ownership.FILE}: the pattern {pattern!r} in {label} has no effect: {reason}"


def _moves(compared: Compared, renamed: Mapping[str, str]) -> Iterator[str]:
    """Yield notes about what the service renamed, if the template changed or renamed it, too."""
    places = compared.places
    for folder, now in sorted(places.folders.items()):
        theirs = renames.followed(compared.theirs.folders, folder)
        if any(parent in places.folders for parent in renames.parents(folder)):
            continue
        if theirs not in {folder, now}:
            why = f"although the template renamed it to {theirs}"
            yield f"The folder {folder} stays {now} here, {why}"
        elif folder in compared.folders_before:
            yield f"The folder {folder} is {now} here: the template's changes go there"
    for name, place in sorted(places.files.items()):
        if name not in compared.before or place in renamed:
            continue
        if place == renames.followed(places.folders, name):
            continue  # said of the folder
        target = compared.moved.get(name, name)
        if target not in {name, place}:
            yield f"{name} stays {place} here, although the template renamed it to {target}"
        elif compared.done_by_the_template(name) == "changed":
            yield f"{name} is {place} here: the template's changes go there"


def _changes(
    files: Files, without: Collection[str], places: Places, renamed: Mapping[str, str]
) -> dict[str, str | None]:
    """Return the changes that bring the files of a render to where the service has them."""
    changes: dict[str, str | None] = {}
    for name, about in files.items():
        place = places.of(name)
        place = renamed.get(place, place)
        if name in without or place != name:
            changes.setdefault(name, None)
        if name not in without:
            changes[place] = about
    return changes


def _checksums(compared: Compared, new: Path) -> str:
    """Return the checksums of the template's files, by the names that the service has for them."""
    file = new / checksums.FILE
    if not file.is_file():
        return ""
    listed = checksums.read(file.read_text(encoding="utf-8"))
    kept = [name for name in listed if compared.classes.get(name) == ownership.TEMPLATE]
    lines = (f"{listed[name]}  {compared.places.of(name)}\n" for name in kept)
    executable = (compared.places.of(name) for name in kept if checksums.is_executable(new / name))
    return "".join(lines) + checksums.comments(executable)


def _replace_binaries(
    scratch: Scratch, old: Path | None, new: Path, places: Mapping[str, str], compared: Compared
) -> tuple[dict[str, str | None], list[str]]:
    """Undo edits of binary files that the template changes, so that its files replace them.

    A conflict in a binary file cannot be resolved by hand. `places` are the names in the service.
    Return changes of the old render's tree, and a note for each file.
    """
    notes, entries, base = [], dict[str, str | None](), dict[str, str | None]()
    here = scratch.files(scratch.ours)
    for name, place in places.items():
        before, after = _content(old, name), _content(new, compared.moved.get(name, name))
        if before == after or not (is_binary(before) or is_binary(after)):
            continue
        present = git.blob(scratch.folder, f"{scratch.ours}:{place}")
        if present in (before, after):
            continue
        mode = here[place].split()[0]
        mode = REGULAR if mode == SYMLINK else mode
        if after is None:
            entries[place] = compared.before[name]
        elif before is None:
            base[place] = compared.after[name]
            entries[place] = scratch.stored(after, mode)
        else:
            entries[place] = scratch.stored(before, mode)
        done = "removes" if after is None else "replaces"
        notes.append(
            f"{place} was edited here, but binary files are not merged: the update {done} it"
        )
    if entries:
        scratch.ours = scratch.edited(scratch.ours, entries)
    return base, notes


def _content(folder: Path | None, name: str) -> bytes | None:
    file = folder / name if folder else None
    return file.read_bytes() if file and file.is_file() else None
