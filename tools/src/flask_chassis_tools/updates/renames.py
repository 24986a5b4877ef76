"""Finds files of the template that were renamed: by the template, or in the service.

The merge then has each file under one name on all three sides. A search of its own could choose
other names, if several files have the same content.
"""

import posixpath
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from . import git
from .binaries import is_binary
from .scratch import SYMLINK, Scratch

LIMIT = 10000
"""Up to this many files are compared with each other; git's default would skip some in silence."""

Files = Mapping[str, str]
"""Files in the format of `Scratch.files`."""

IsFree = Callable[[str, str], bool]
"""Whether a file can have been renamed to a name, which no other file of the template has."""


@dataclass(frozen=True)
class Renamed:
    """Files by their old names, and folders that were renamed as a whole."""

    files: dict[str, str]
    folders: dict[str, str]


@dataclass(frozen=True)
class Places:
    """Where a service has the files of the template that it renamed."""

    files: Mapping[str, str]
    folders: Mapping[str, str]
    """Folders that were renamed as a whole."""
    taken: Collection[str] = frozenset()
    """The files of the new render. Two of them never get the same name."""

    def of(self, name: str) -> str:
        """Return where the service has a file, or would have a new one."""
        if name in self.files:
            return self.files[name]
        place = followed(self.folders, name)
        return name if place in self.taken else place


def parents(name: str) -> list[str]:
    """Return the folders that a file is in, the innermost first."""
    words = name.split("/")
    return ["/".join(words[:depth]) for depth in range(len(words) - 1, 0, -1)]


def followed(folders: Mapping[str, str], name: str) -> str:
    """Return the name of a file or folder after folders were renamed, the innermost first."""
    for folder in (name, *parents(name)):
        if folder in folders:
            return f"{folders[folder]}{name.removeprefix(folder)}"
    return name


def between(scratch: Scratch, before: Files, after: Files) -> Renamed:
    """Return what was renamed between two renders."""
    sources = {name: about for name, about in before.items() if name not in after}
    targets = {name: about for name, about in after.items() if name not in before}
    return _matched(scratch, sources, targets, after, lambda *_: True)


def here(
    scratch: Scratch, sources: Files, targets: Files, new: Collection[str], moved: Renamed
) -> Places:
    """Return what the service renamed.

    `sources` are the files of the old render that the service lacks, `targets` its other files.
    `new` are the names in the new render, and `moved` is what the template renamed.
    """

    def is_free(source: str, target: str) -> bool:
        """Return whether the template has no other file under this name."""
        return target not in new or moved.files.get(source) == target

    found = _matched(scratch, sources, targets, scratch.files(scratch.ours), is_free)
    files, folders = dict(found.files), dict(found.folders)
    # A folder that both renamed is where the service has it, new files of the template included.
    for folder, place in found.folders.items():
        name = followed(moved.folders, folder)
        if name not in {folder, place}:
            folders[name] = place
    # A file that both renamed has the service's name. One that the service only has in another
    # folder has the template's there: other files of the template use this name.
    for name, after in moved.files.items():
        if name in files and files[name] != followed(found.folders, name):
            files[after] = files[name]
    return Places(files, folders, frozenset(new))


def _matched(
    scratch: Scratch, sources: Files, targets: Files, left: Iterable[str], is_free: IsFree
) -> Renamed:
    """Pair files that are gone with files that came; `left` are all files after the renames."""
    if not sources or not targets:
        return Renamed({}, {})
    pairs = _identical(scratch, sources, targets, is_free)
    rest = _without(sources, pairs), _without(targets, pairs.values())
    pairs |= {
        source: target
        for source, target in _similar(scratch, *rest).items()
        if is_free(source, target)
    }
    folders = _folders(pairs, sources, left)
    rest = _without(sources, pairs), _without(targets, pairs.values())
    pairs |= _links(scratch, *rest, Places(pairs, folders), is_free)
    # The rest of a renamed folder: files that are empty, or that were edited a lot.
    used = {*pairs.values()}
    for source in sorted(sources.keys() - pairs.keys()):
        target = followed(folders, source)
        if target in targets and target not in used and is_free(source, target):
            pairs[source] = target
    return Renamed(pairs, folders)


def _without(files: Files, names: Iterable[str]) -> dict[str, str]:
    gone = {*names}
    return {name: about for name, about in files.items() if name not in gone}


def _identical(scratch: Scratch, sources: Files, targets: Files, is_free: IsFree) -> dict[str, str]:
    """Return the files with the same content; an empty file is like all other empty files."""
    empty = scratch.stored(b"").split()[2]
    places = _by_content(targets)
    likely = [
        (source, target)
        for content, names in _by_content(sources).items()
        if content[1] != empty
        for source in names
        for target in places.get(content, ())
        if is_free(source, target)
    ]
    return _most_alike(likely)


def _by_content(files: Files) -> dict[tuple[bool, str], list[str]]:
    """Return the names of files by whether they are links, and by their content."""
    found: dict[tuple[bool, str], list[str]] = {}
    for name, about in files.items():
        mode, _, blob = about.split()
        found.setdefault((mode == SYMLINK, blob), []).append(name)
    return found


def _most_alike(likely: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Choose pairs from the likely ones, beginning with those whose paths are most alike."""

    def alike(pair: tuple[str, str]) -> tuple[object, ...]:
        before, after = (name.split("/") for name in pair)
        ends = _equal(before[::-1], after[::-1])
        return (-ends, -_equal(before, after), abs(len(before) - len(after)), pair)

    found: dict[str, str] = {}
    used = set[str]()
    for source, target in sorted(likely, key=alike):
        if source not in found and target not in used:
            found[source] = target
            used.add(target)
    return found


def _equal(one: list[str], other: list[str]) -> int:
    """Return how many words two lists begin with alike."""
    return len(posixpath.commonprefix([one, other]))


def _similar(scratch: Scratch, sources: Files, targets: Files) -> dict[str, str]:
    """Return the text files that were renamed and edited, as git finds them."""
    if not sources or not targets:
        return {}
    empty = git.ask(scratch.folder, "mktree")
    old, new = scratch.edited(empty, sources), scratch.edited(empty, targets)
    words = ("diff-tree", "-r", "-z", f"-l{LIMIT}", "--find-renames", "--no-rename-empty")
    found = git.names(scratch.folder, *words, "--diff-filter=R", "--name-status", old, new)
    pairs = {found[place + 1]: found[place + 2] for place in range(0, len(found) - 2, 3)}
    # Sources with the same content are equally similar: paths decide, and not their order.
    for names in _by_content(sources).values():
        if len(names) > 1:
            places = [pairs.pop(name) for name in names if name in pairs]
            pairs |= _most_alike((name, place) for name in names for place in places)
    # Two versions of a wheel can be similar, but are different files.
    return {
        before: after
        for before, after in pairs.items()
        if not is_binary(git.blob(scratch.folder, f"{new}:{after}"))
    }


def _links(
    scratch: Scratch, sources: Files, targets: Files, places: Places, is_free: IsFree
) -> dict[str, str]:
    """Return the symbolic links that were renamed and now have another text.

    They lead to the same file: from another folder, or under the file's new name.
    """
    there: dict[str, list[str]] = {}
    for name, about in targets.items():
        if about.startswith(SYMLINK):
            there.setdefault(_destination(scratch, name, about), []).append(name)
    likely = []
    for name, about in sources.items() if there else ():
        if about.startswith(SYMLINK):
            leads = _destination(scratch, name, about)
            same = {*there.get(leads, ()), *there.get(places.of(leads), ())}
            likely += [(name, target) for target in same if is_free(name, target)]
    return _most_alike(likely)


def _destination(scratch: Scratch, name: str, about: str) -> str:
    """Return where a link leads to, from the top of the repository."""
    text = (git.blob(scratch.folder, about.split()[2]) or b"").decode(errors="surrogateescape")
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), text))


def _folders(
    pairs: Mapping[str, str], sources: Iterable[str], left: Iterable[str]
) -> dict[str, str]:
    """Return the renamed folders, by git's rule: none of it is left, and most went to one place."""
    gone = {folder for name in sources for folder in parents(name)}
    gone -= {folder for name in left for folder in parents(name)}
    votes: dict[str, Counter[str]] = {}
    for source, target in pairs.items():
        before, after = source.split("/")[:-1], target.split("/")[:-1]
        while before and after and before != after:
            votes.setdefault("/".join(before), Counter())["/".join(after)] += 1
            if before[-1] != after[-1]:
                break
            before, after = before[:-1], after[:-1]
    chosen = {
        folder: counted.most_common(1)[0][0] for folder, counted in votes.items() if folder in gone
    }
    # A folder in a renamed one is not a rename of its own.
    return {
        folder: place
        for folder, place in chosen.items()
        if followed(_without(chosen, [folder]), folder) != place
    }
