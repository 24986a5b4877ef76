"""Prepares the two renders for the merge: without what an update leaves alone."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from . import checksums, git, lock_file, ownership, record, renames
from .binaries import is_binary
from .faults import UpdateError
from .renames import Places
from .scratch import REGULAR, SYMLINK, Scratch

GENERATED = (lock_file.FILE, record.FILE, checksums.FILE)
"""Files that are not merged: an update writes them anew."""

Files = Mapping[str, str]
"""The files of a tree, in the format of `Scratch.files`."""


@dataclass(frozen=True)
class Sides:
    """The trees to merge, in which files have the names that the service has given them."""

    old: str
    new: str
    notes: list[str]
    own: dict[str, str]
    left_out: list[str]
    checksums: str
    folders: Mapping[str, str]


@dataclass(frozen=True)
class Compared:
    """Both renders and the service, file by file."""

    before: Files
    after: Files
    ours: Files
    moved: Mapping[str, str]
    """The files that the template renamed."""
    places: Places
    """The files that the service renamed."""
    owners: ownership.Owners

    @cached_property
    def classes(self) -> Mapping[str, str | None]:
        """The class of each rendered file."""
        return {
            name: self.owners.of(
                name, self.places.of(name), is_new=name in self.after, is_here=name in self.ours
            )
            for name in sorted({*self.before, *self.after})
        }

    def is_here(self, name: str) -> bool:
        """Return whether the service has a file, under this or another name."""
        return self.places.of(name) in self.ours

    def is_in_deleted_folder(self, name: str) -> bool:
        """Return whether a new file of the template is for a folder that the service deleted."""
        if name in self.before or name in self.moved.values():
            return False
        return any(
            f"{folder}/" in self._folders_before and not self._has(folder)
            for folder in renames.parents(name)
        )

    def _has(self, folder: str) -> bool:
        place = renames.parents(self.places.of(f"{folder}/file"))[0]
        return bool({f"{folder}/", f"{place}/"} & self._folders_here)

    @cached_property
    def _folders_before(self) -> set[str]:
        return {f"{folder}/" for name in self.before for folder in renames.parents(name)}

    @cached_property
    def _folders_here(self) -> set[str]:
        return {f"{folder}/" for name in self.ours for folder in renames.parents(name)}

    def done_by_the_template(self, name: str) -> str:
        """Return whether the template `added`, `changed` or `deleted` a file; empty if neither."""
        if name not in self.before:
            return "" if name in self.moved.values() else "added"
        now = self.after.get(self.moved.get(name, name))
        if now is None:
            return "deleted"
        return "changed" if now != self.before[name] else ""


def prepare(
    scratch: Scratch,
    old: Path | None,
    new: Path,
    known: Collection[str] = (),
    restored: Collection[str] = (),
) -> Sides:
    """Store the renders without seeded files and files that the service deleted.

    `known` are the files that earlier updates left out, `restored` those that the service wants
    back. UpdateError if one of these was not deleted, or if the list of owners is not valid.
    """
    old_tree = scratch.tree_of(old, GENERATED) if old else git.ask(scratch.folder, "mktree")
    new_tree = scratch.tree_of(new, GENERATED)
    compared = _compared(scratch, old_tree, new_tree, _owners(scratch, old, new))
    seeded, own = _owned_by_the_service(compared, new, has_base=old is not None)
    deleted = _deleted(compared, seeded, new)
    now = {name: compared.moved.get(name, name) for name in deleted}
    place = {name: compared.places.of(now[name]) for name in deleted}
    # A file that somebody has brought back may be old: it is compared with the new one.
    came_back = {
        name
        for name in {*compared.before, *compared.after}
        if compared.is_here(name) and {name, compared.places.of(name)} & {*known}
    }
    again = {name: compared.places.of(name) for name in came_back if name in compared.after}
    gone = {place[name] for name in deleted if now[name] in compared.after}
    _require_restorable(restored, gone | {*again.values()})
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
    replaced = [
        name
        for name, label in compared.classes.items()
        if name in compared.ours and label == ownership.TEMPLATE
    ]
    notes = [*_ineffective(compared), *_replace_binaries(scratch, old, new, replaced)]
    without = seeded | deleted | came_back, seeded | kept_out | {now[name] for name in kept_out}
    return Sides(
        scratch.edited(old_tree, _changes(compared.before, without[0], compared.places)),
        scratch.edited(new_tree, _changes(compared.after, without[1], compared.places)),
        [*notes, *_moves(compared)],
        own,
        sorted(left_out),
        _checksums(compared, new),
        compared.places.folders,
    )


def _compared(scratch: Scratch, old: str, new: str, owners: ownership.Owners) -> Compared:
    before, after = scratch.files(old), scratch.files(new)
    ours = scratch.files(scratch.ours)
    moved = renames.between(scratch, old, new)
    missing = {
        name: about
        for name, about in before.items()
        if name not in ours
        # An example that was replaced can be similar to what replaced it.
        if owners.of(name, name, is_new=name in after, is_here=False) != ownership.SEEDED
    }
    others = {name: about for name, about in ours.items() if name not in before}
    places = renames.here(scratch, missing, others, after, moved)
    return Compared(before, after, ours, moved, places, owners)


def _owners(scratch: Scratch, old: Path | None, new: Path) -> ownership.Owners:
    """Return the owners of files, from the lists of both renders and of the service."""
    theirs = ownership.read((new / ownership.FILE).read_bytes())
    file = old / ownership.FILE if old else None
    earlier = ownership.read(file.read_bytes()) if file and file.is_file() else theirs
    ours = git.blob(scratch.folder, f"{scratch.ours}:{ownership.FILE}")
    return ownership.Owners(earlier, theirs, None if ours is None else ownership.read(ours))


def _owned_by_the_service(
    compared: Compared, new: Path, *, has_base: bool
) -> tuple[set[str], dict[str, str]]:
    """Return the files to leave alone, and what the template did to those that are here."""
    found, own = set[str](), dict[str, str]()
    for name, label in compared.classes.items():
        if label != ownership.SEEDED:
            continue
        is_kept_out = compared.owners.is_kept_out(name)
        is_first = name not in compared.before and not compared.is_here(name)
        # A seeded file is rendered once, with the release that adds it.
        if is_first and not is_kept_out and not compared.is_in_deleted_folder(name):
            continue
        found.add(name)
        is_told = compared.is_here(name) or (is_first and not compared.is_in_deleted_folder(name))
        if has_base and is_told and (what := compared.done_by_the_template(name)):
            own[name] = what
    return found, own


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


def _require_restorable(restored: Collection[str], deleted: Collection[str]) -> None:
    if wrong := sorted({*restored} - {*deleted}):
        known = ", ".join(sorted(deleted)) or "none"
        raise UpdateError(
            f"{wrong[0]} is no file of the template that was deleted here. Such files are: {known}."
        )


def _ineffective(compared: Compared) -> Iterator[str]:
    names = {*compared.before, *compared.after}
    for label, pattern, reason in compared.owners.ineffective(names):
        yield f"{ownership.FILE}: the pattern {pattern!r} in {label} has no effect: {reason}"


def _moves(compared: Compared) -> Iterator[str]:
    """Yield notes about files that the service renamed, if the template changed them."""
    places = compared.places
    for folder, now in sorted(places.folders.items()):
        if not any(parent in places.folders for parent in renames.parents(folder)):
            yield f"The folder {folder} is {now} here: the template's changes go there"
    for name, place in sorted(places.files.items()):
        target = compared.moved.get(name, name)
        if target not in {name, place}:
            yield f"{name} stays {place} here, although the template renamed it to {target}"
        elif name in compared.before and compared.done_by_the_template(name) == "changed":
            yield f"{name} is {place} here: the template's changes go there"


def _changes(files: Files, without: Collection[str], places: Places) -> dict[str, str | None]:
    """Return the changes that bring the files of a render to where the service has them."""
    changes: dict[str, str | None] = {}
    for name, about in files.items():
        place = places.of(name)
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
    scratch: Scratch, old: Path | None, new: Path, names: Iterable[str]
) -> list[str]:
    """Undo edits of binary files that the template changes, so that its files replace them.

    A conflict in a binary file cannot be resolved by hand. Return a note for each file.
    """
    notes, entries = [], dict[str, str | None]()
    here = scratch.files(scratch.ours)
    for name in names:
        before, after = _content(old, name), _content(new, name)
        if before == after or not (is_binary(before) or is_binary(after)):
            continue
        present = git.blob(scratch.folder, f"{scratch.ours}:{name}")
        if present in (before, after):
            continue
        mode = here[name].split()[0]
        mode = REGULAR if mode == SYMLINK else mode
        entries[name] = None if before is None else scratch.stored(before, mode)
        done = "removes" if after is None else "replaces"
        notes.append(
            f"{name} was edited here, but binary files are not merged: the update {done} it"
        )
    if entries:
        scratch.ours = scratch.edited(scratch.ours, entries)
    return notes


def _content(folder: Path | None, name: str) -> bytes | None:
    file = folder / name if folder else None
    return file.read_bytes() if file and file.is_file() else None
