"""Compares both renders and a service, file by file: owners, renames, and what is missing."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from . import git, ownership, renames
from .renames import Files, Places, Renamed
from .scratch import Scratch


@dataclass(frozen=True)
class Compared:
    """Both renders and the service, file by file."""

    before: Files
    after: Files
    ours: Files
    theirs: Renamed
    """What the template renamed."""
    places: Places
    """The files that the service renamed."""
    owners: ownership.Owners

    @property
    def moved(self) -> Mapping[str, str]:
        """The files that the template renamed."""
        return self.theirs.files

    @cached_property
    def classes(self) -> Mapping[str, str | None]:
        """The class of each rendered file."""
        found = {
            name: self.owners.of(
                name, self.places.of(name), is_new=name in self.after, is_here=name in self.ours
            )
            for name in sorted({*self.before, *self.after})
        }
        # What the service lists as its own is so under the template's new name, too.
        kept = [after for before, after in self.moved.items() if self.is_kept_out(before)]
        return found | dict.fromkeys(kept, ownership.SEEDED)

    def is_here(self, name: str) -> bool:
        """Return whether the service has a file, under this or another name."""
        return self.places.of(name) in self.ours

    def is_kept_out(self, name: str) -> bool:
        """Return whether the service, not the template, says that a file is the service's own."""
        return self.owners.is_kept_out(name, self.places.of(name))

    def is_in_deleted_folder(self, name: str) -> bool:
        """Return whether a new file of the template is for a folder that the service deleted."""
        if name in self.before or name in self.moved.values():
            return False
        return any(
            folder in self.folders_before and not self._has(folder)
            for folder in renames.parents(name)
        )

    def _has(self, folder: str) -> bool:
        return bool({folder, renames.followed(self.places.folders, folder)} & self.folders_here)

    @cached_property
    def folders_before(self) -> set[str]:
        """The folders of the old render."""
        return {folder for name in self.before for folder in renames.parents(name)}

    @cached_property
    def folders_here(self) -> set[str]:
        """The folders of the service."""
        return {folder for name in self.ours for folder in renames.parents(name)}

    def done_by_the_template(self, name: str) -> str:
        """Return whether the template `added`, `changed` or `deleted` a file; empty if neither."""
        if name not in self.before:
            return "" if name in self.moved.values() else "added"
        now = self.after.get(self.moved.get(name, name))
        if now is None:
            return "deleted"
        return "changed" if now != self.before[name] else ""


def compare(
    scratch: Scratch, trees: tuple[str, str], folders: tuple[Path | None, Path]
) -> Compared:
    """Compare the old and the new render, as trees and as folders, with the service."""
    owners = _owners(scratch, *folders)
    before, after = scratch.files(trees[0]), scratch.files(trees[1])
    ours = scratch.files(scratch.ours)
    theirs = renames.between(scratch, before, after)
    missing = {
        name: about
        for name, about in before.items()
        if name not in ours
        # An example that was replaced can be similar to what replaced it.
        if owners.of(name, name, is_new=name in after, is_here=False) != ownership.SEEDED
    }
    others = {name: about for name, about in ours.items() if name not in before}
    places = renames.here(scratch, missing, others, after, theirs)
    return Compared(before, after, ours, theirs, places, owners)


def _owners(scratch: Scratch, old: Path | None, new: Path) -> ownership.Owners:
    """Return the owners of files, from the lists of both renders and of the service."""
    theirs = ownership.read((new / ownership.FILE).read_bytes())
    file = old / ownership.FILE if old else None
    earlier = ownership.read(file.read_bytes()) if file and file.is_file() else theirs
    ours = git.blob(scratch.folder, f"{scratch.ours}:{ownership.FILE}")
    return ownership.Owners(earlier, theirs, None if ours is None else ownership.read(ours))
