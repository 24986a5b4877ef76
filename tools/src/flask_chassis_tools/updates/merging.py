"""Merges three trees with git: the old render, the new render, and the service."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from . import git, lock_file, ownership, record
from .binaries import is_binary
from .faults import UpdateError
from .scratch import Scratch


@dataclass
class Merged:
    """The result of a merge."""

    conflicts: dict[str, str] = field(default_factory=dict)
    """The files with conflicts, and the kind of each conflict."""
    notes: list[str] = field(default_factory=list)
    """Notes about files that were edited in the service and need no action."""
    own: dict[str, str] = field(default_factory=dict)
    """Files of the service that the template has `added`, `changed` or `deleted`."""
    stages: list[str] = field(default_factory=list)
    """The entries of the conflicts in git's index."""


@dataclass(frozen=True)
class Sides:
    """The trees to merge, without the files that an update leaves alone."""

    old: str
    new: str
    notes: list[str]
    own: dict[str, str]


def sides(scratch: Scratch, old: Path | None, new: Path) -> Sides:
    """Store the renders without seeded files and files that the service deleted."""
    ours = scratch.files(scratch.ours)
    renders = {side: _names(folder) if folder else set() for side, folder in _both(old, new)}
    lists = ownership.read((new / ownership.FILE).read_bytes())
    earlier = _earlier_lists(old) or lists
    notes, own, left_out = [], {}, {lock_file.FILE, record.FILE}
    replaced = []
    for name in sorted(renders["old"] | renders["new"]):
        label = ownership.owner(lists if name in renders["new"] else earlier, name)
        # A seeded file is rendered once, with the release that adds it.
        is_first = name not in renders["old"] and name not in ours
        if label == ownership.TEMPLATE and name in ours:
            replaced.append(name)
        if label == ownership.SEEDED and not is_first:
            left_out.add(name)
            if old and name in ours and (what := _done_to(old / name, new / name)):
                own[name] = what
    deleted = {name for name in renders["old"] - left_out if name not in ours}
    old_tree = scratch.tree_of(old, left_out) if old else git.ask(scratch.folder, "mktree")
    new_tree = scratch.tree_of(new, left_out)
    moved = renamed(scratch, old_tree, new_tree)
    for name in sorted(deleted):
        after = moved.get(name, name)
        if after != name or _differs(scratch, old_tree, new_tree, name):
            notes.append(f"{name} was deleted here: the template's change is not applied")
            left_out |= {after}
    left_out |= deleted
    notes += _replace_binaries(scratch, old, new, replaced)
    before = scratch.tree_of(old, left_out) if old else old_tree
    return Sides(before, scratch.tree_of(new, left_out), notes, own)


def merge(scratch: Scratch, trees: Sides, label: str) -> Merged:
    """Merge in the working tree of the scratch repository."""
    base = scratch.commit(trees.old, "The old render")
    ours = scratch.commit(scratch.ours, "The service", base)
    theirs = scratch.commit(trees.new, "The new render", base)
    git.ask(scratch.folder, "checkout", "--quiet", "--force", "--detach", ours)
    git.ask(scratch.folder, "update-ref", f"refs/heads/{label}", theirs)
    done = git.tries(scratch.folder, "merge", "--no-commit", "--no-ff", "--no-edit", label)
    said = done.stdout.decode(errors="replace") + done.stderr.decode(errors="replace")
    stages = git.names(scratch.folder, "ls-files", "--unmerged", "-z")
    if done.returncode and not stages:
        raise UpdateError(f"git merge failed: {said.strip()}")
    merged = Merged(stages=stages, notes=list(trees.notes), own=trees.own)
    told = re.findall(r"^CONFLICT \((.+?)\): (.+)$", said, re.MULTILINE)
    for name in sorted({entry.split("\t", 1)[1] for entry in stages}):
        about = [kind for kind, text in told if name in text]
        merged.conflicts[name] = about[0] if about else "content"
    edited = _edited_here(scratch, trees.old)
    for old, new in sorted(renamed(scratch, trees.old, trees.new).items()):
        if old in edited and new not in merged.conflicts:
            merged.notes.append(f"{old} was edited here, and the template renamed it: now {new}")
    return merged


def renamed(scratch: Scratch, old: str, new: str) -> dict[str, str]:
    """Return the text files that the template renamed, by their old names."""
    words = ("diff-tree", "-r", "-z", "--find-renames", "--diff-filter=R", "--name-status")
    found = git.names(scratch.folder, *words, old, new)
    pairs = {found[place + 1]: found[place + 2] for place in range(0, len(found) - 2, 3)}
    # Two versions of a wheel can be similar, but are different files.
    return {
        before: after
        for before, after in pairs.items()
        if not is_binary(git.blob(scratch.folder, f"{new}:{after}"))
    }


def changed(scratch: Scratch, old: str, new: str) -> list[str]:
    """Return the names of the files that differ between two trees."""
    words = ("diff-tree", "-r", "-z", "--name-only", "--no-renames")
    return git.names(scratch.folder, *words, old, new)


def _replace_binaries(
    scratch: Scratch, old: Path | None, new: Path, names: Iterable[str]
) -> list[str]:
    """Undo edits of binary files that the template changes, so that its files replace them.

    A conflict in a binary file cannot be resolved by hand. Return a note for each file.
    """
    notes, entries = [], dict[str, str | None]()
    for name in names:
        before, after = _content(old, name), _content(new, name)
        if before == after or not (is_binary(before) or is_binary(after)):
            continue
        present = git.blob(scratch.folder, f"{scratch.ours}:{name}")
        if present in (before, after):
            continue
        entries[name] = None if before is None else scratch.stored(before)
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


def _edited_here(scratch: Scratch, old: str) -> set[str]:
    before, ours = scratch.files(old), scratch.files(scratch.ours)
    return {name for name, entry in before.items() if name in ours and ours[name] != entry}


def _differs(scratch: Scratch, old: str, new: str, name: str) -> bool:
    before, after = scratch.files(old).get(name), scratch.files(new).get(name)
    return after is not None and before != after


def _done_to(old: Path, new: Path) -> str:
    """Return what the template did to a file; empty if nothing."""
    if not new.is_file():
        return "deleted"
    if not old.is_file():
        return "added"
    return "changed" if old.read_bytes() != new.read_bytes() else ""


def _both(old: Path | None, new: Path) -> tuple[tuple[str, Path | None], tuple[str, Path]]:
    return ("old", old), ("new", new)


def _names(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() or path.is_symlink()
    }


def _earlier_lists(old: Path | None) -> ownership.Lists | None:
    file = old / ownership.FILE if old else None
    return ownership.read(file.read_bytes()) if file and file.is_file() else None
