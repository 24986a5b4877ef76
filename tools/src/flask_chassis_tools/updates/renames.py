"""Finds files of the template that were renamed: by the template, or in the service."""

import posixpath
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from . import git
from .binaries import is_binary
from .scratch import SYMLINK, Scratch

LIMIT = 10000
"""Up to this many files are compared with each other; git's default would skip some in silence."""


@dataclass(frozen=True)
class Places:
    """Where a service has the files of the template that it renamed."""

    files: dict[str, str]
    folders: Mapping[str, str]
    """Folders that were renamed as a whole."""

    def of(self, name: str) -> str:
        """Return where the service has a file, or would have a new one."""
        if name in self.files:
            return self.files[name]
        for folder in parents(name):
            if folder in self.folders:
                return f"{self.folders[folder]}{name.removeprefix(folder)}"
        return name


def parents(name: str) -> list[str]:
    """Return the folders that a file is in, the innermost first."""
    words = name.split("/")
    return ["/".join(words[:depth]) for depth in range(len(words) - 1, 0, -1)]


def between(scratch: Scratch, old: str, new: str) -> dict[str, str]:
    """Return the text files that were renamed between two trees, by their old names."""
    words = ("diff-tree", "-r", "-z", f"-l{LIMIT}", "--find-renames", "--no-rename-empty")
    found = git.names(scratch.folder, *words, "--diff-filter=R", "--name-status", old, new)
    pairs = {found[place + 1]: found[place + 2] for place in range(0, len(found) - 2, 3)}
    # Two versions of a wheel can be similar, but are different files.
    return {
        before: after
        for before, after in pairs.items()
        if not is_binary(git.blob(scratch.folder, f"{new}:{after}"))
    }


def here(
    scratch: Scratch,
    sources: Mapping[str, str],
    targets: Mapping[str, str],
    new: Iterable[str],
    moved: Mapping[str, str],
) -> Places:
    """Return what the service renamed.

    `sources` are the files of the old render that the service lacks, `targets` its other files, in
    the format of `Scratch.files`. `new` are the names in the new render, and `moved` are the files
    that the template renamed.
    """
    if not sources or not targets:
        return Places({}, {})
    empty = git.ask(scratch.folder, "mktree")
    before, after = scratch.edited(empty, sources), scratch.edited(empty, targets)
    taken = set(new)

    def is_free(source: str, target: str) -> bool:
        """Return whether the template has no other file under this name."""
        return target not in taken or moved.get(source) == target

    found = _links(scratch, sources, targets) | between(scratch, before, after)
    pairs = {source: target for source, target in found.items() if is_free(source, target)}
    folders = _folders(pairs, sources, scratch.files(scratch.ours))
    places = Places(pairs, folders)
    # The rest of a renamed folder: files that are empty, or that were edited a lot.
    used = set(pairs.values())
    for name in sorted(sources.keys() - pairs.keys()):
        target = places.of(name)
        if target in targets and target not in used and is_free(name, target):
            pairs[name] = target
    # Where both renamed a file, the service's name stays.
    pairs |= {after: pairs[name] for name, after in moved.items() if name in pairs}
    return places


def _links(
    scratch: Scratch, sources: Mapping[str, str], targets: Mapping[str, str]
) -> dict[str, str]:
    """Return the symbolic links that were moved to another folder, by their old names.

    Such a link leads to the same file by another text, and git finds only links with equal texts.
    """
    if not any(about.startswith(SYMLINK) for about in sources.values()):
        return {}
    places: dict[str, list[str]] = {}
    for name, about in targets.items():
        if about.startswith(SYMLINK):
            places.setdefault(_destination(scratch, name, about), []).append(name)
    found = {}
    for name, about in sources.items():
        if about.startswith(SYMLINK):
            same = places.get(_destination(scratch, name, about), [])
            if len(same) == 1:
                found[name] = same[0]
    return found


def _destination(scratch: Scratch, name: str, about: str) -> str:
    """Return where a link leads to, from the top of the repository."""
    text = (git.blob(scratch.folder, about.split()[2]) or b"").decode(errors="surrogateescape")
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), text))


def _folders(
    pairs: Mapping[str, str], sources: Iterable[str], ours: Iterable[str]
) -> dict[str, str]:
    """Return the renamed folders, by git's rule: none of it is left, and most went to one place."""
    left = {folder for name in ours for folder in parents(name)}
    gone = {folder for name in sources for folder in parents(name)} - left
    votes: dict[str, Counter[str]] = {}
    for source, target in pairs.items():
        before, after = source.split("/")[:-1], target.split("/")[:-1]
        while before and after and before != after:
            votes.setdefault("/".join(before), Counter())["/".join(after)] += 1
            if before[-1] != after[-1]:
                break
            before, after = before[:-1], after[:-1]
    return {
        folder: counted.most_common(1)[0][0] for folder, counted in votes.items() if folder in gone
    }
