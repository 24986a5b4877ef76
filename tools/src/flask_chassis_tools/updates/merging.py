"""Merges three trees with git: the old render, the new render, and the service."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from . import checksums, git
from .faults import UpdateError
from .scratch import Scratch
from .sides import Sides


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
    left_out: list[str] = field(default_factory=list)
    """Files that the service deleted, and whose changes in the template it lacks."""
    skipped: list[str] = field(default_factory=list)
    """Files that the service lists as its own, and whose changes in the template it lacks."""
    folders: Mapping[str, str] = field(default_factory=dict)
    """Folders that the service renamed."""


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
    if trees.checksums:
        (scratch.folder / checksums.FILE).write_text(trees.checksums, encoding="utf-8")
    merged = Merged(
        {},
        list(trees.notes),
        trees.own,
        stages,
        trees.left_out,
        trees.skipped,
        trees.folders,
    )
    told = re.findall(r"^CONFLICT \((.+?)\): (.+)$", said, re.MULTILINE)
    for name in sorted({entry.split("\t", 1)[1] for entry in stages}):
        about = [kind for kind, text in told if name in text]
        merged.conflicts[name] = about[0] if about else "content"
    merged.notes += [
        f"{before} was edited here, and the template renamed it: now {after}"
        for before, after in sorted(trees.edited.items())
        if after not in merged.conflicts
    ]
    return merged


def changed(scratch: Scratch, old: str, new: str) -> list[str]:
    """Return the names of the files that differ between two trees."""
    words = ("diff-tree", "-r", "-z", "--name-only", "--no-renames")
    return git.names(scratch.folder, *words, old, new)
