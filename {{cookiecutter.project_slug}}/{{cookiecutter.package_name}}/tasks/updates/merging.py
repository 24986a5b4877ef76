"""Merges three trees with git: the old render, the new one, and the service."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from . import git, lock_file, ownership, record
from .faults import UpdateError
from .scratch import Scratch

ZERO = "0" * 40


@dataclass
class Merged:
    """What a merge has come to."""

    conflicts: dict[str, str] = field(default_factory=dict)
    """The files that are to be resolved by hand, and what is the matter with each."""
    notes: list[str] = field(default_factory=list)
    """What happened to files that were edited here, although nothing is left to do."""
    own: dict[str, str] = field(default_factory=dict)
    """The service's own files that the template renders otherwise now, and what it does to each."""
    stages: list[str] = field(default_factory=list)
    """The entries of git's index for the conflicts."""


@dataclass(frozen=True)
class Sides:
    """The trees that are merged, without what an update leaves alone."""

    old: str
    new: str
    notes: list[str]
    own: dict[str, str]


def sides(scratch: Scratch, old: Path | None, new: Path) -> Sides:
    """Store the renders, without seeded files and what is deleted here; `old` may be nothing."""
    ours = scratch.files(scratch.ours)
    renders = {side: _names(folder) if folder else set() for side, folder in _both(old, new)}
    lists = ownership.read((new / ownership.FILE).read_bytes())
    earlier = _earlier_lists(old) or lists
    notes, own, left_out = [], {}, {lock_file.FILE, record.FILE}
    for name in sorted(renders["old"] | renders["new"]):
        label = ownership.owner(lists if name in renders["new"] else earlier, name)
        # Seeded files are rendered once: with the release that brings them, where none is there.
        is_first = name not in renders["old"] and name not in ours
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
            notes.append(f"{name} was deleted here: the template's change of it is left out")
            left_out |= {after}
    left_out |= deleted
    before = scratch.tree_of(old, left_out) if old else old_tree
    return Sides(before, scratch.tree_of(new, left_out), notes, own)


def merge(scratch: Scratch, trees: Sides, label: str) -> Merged:
    """Merge in the scratch repository's work tree, where the result stands afterwards."""
    base = scratch.commit(trees.old, "The old render")
    ours = scratch.commit(scratch.ours, "The service", base)
    theirs = scratch.commit(trees.new, "The new render", base)
    git.ask(scratch.folder, "checkout", "--quiet", "--force", "--detach", ours)
    git.ask(scratch.folder, "update-ref", f"refs/heads/{label}", theirs)
    done = git.tries(scratch.folder, "merge", "--no-commit", "--no-ff", "--no-edit", label)
    said = done.stdout.decode(errors="replace") + done.stderr.decode(errors="replace")
    stages = git.names(scratch.folder, "ls-files", "--unmerged", "-z")
    if done.returncode and not stages:
        raise UpdateError(f"git cannot merge: {said.strip()}")
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
    """Return the files that the template renamed, as git sees it: old and new names."""
    words = ("diff-tree", "-r", "-z", "--find-renames", "--diff-filter=R", "--name-status")
    found = git.names(scratch.folder, *words, old, new)
    return {found[place + 1]: found[place + 2] for place in range(0, len(found) - 2, 3)}


def changed(scratch: Scratch, old: str, new: str) -> list[str]:
    """Return the names of files in which two trees differ."""
    words = ("diff-tree", "-r", "-z", "--name-only", "--no-renames")
    return git.names(scratch.folder, *words, old, new)


def _edited_here(scratch: Scratch, old: str) -> set[str]:
    before, ours = scratch.files(old), scratch.files(scratch.ours)
    return {name for name, entry in before.items() if name in ours and ours[name] != entry}


def _differs(scratch: Scratch, old: str, new: str, name: str) -> bool:
    before, after = scratch.files(old).get(name), scratch.files(new).get(name)
    return after is not None and before != after


def _done_to(old: Path, new: Path) -> str:
    """Return what becomes of a file from one render to the next; an empty text for nothing."""
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
