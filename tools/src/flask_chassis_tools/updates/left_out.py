"""Remembers which changes of the template a service lacks.

The record of the service lists files that were deleted, by the service's names, until the team has
settled it: the file is back as the release has it, or it is listed as the service's own. It also
lists those that are the service's own by its own list. Taken off the list, they lack what came.
"""

import hashlib
import posixpath
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Any

from . import checksums, git, ownership, record
from .record import Record

KEY = "left_out"
"""The key in `.cruft.json`: names of files, each with the first release whose change is missing."""

SKIPPED = "skipped"
"""The same for files that the service lists as its own."""

SHOWN = 3


def known(written: Record) -> dict[str, str]:
    """Return the files whose changes earlier updates did not apply."""
    return _listed(written, SKIPPED) | _listed(written, KEY)


def _listed(written: Record, key: str) -> dict[str, str]:
    found = written.more.get(key)
    return {str(name): str(tag) for name, tag in found.items()} if isinstance(found, dict) else {}


def recorded(
    written: Record, names: Iterable[str], tag: str, skipped: Iterable[str] = ()
) -> dict[str, Any]:
    """Return the additional keys of the next record."""
    before = known(written)
    more = {key: value for key, value in written.more.items() if key not in {KEY, SKIPPED}}
    for key, listed in ((KEY, names), (SKIPPED, skipped)):
        if found := {name: before.get(name, tag) for name in listed}:
            more[key] = found
    return more


def unsettled(
    written: Record, lists: ownership.Lists | None, content: Callable[[str], bytes | None]
) -> dict[str, str]:
    """Return what a service still lacks, by its record, its owners and its files.

    `content` returns a file of the service. One that is back, and is not as the release has it, may
    be as it was before: it lacks the change, too.
    """
    listed = checksums.read((content(checksums.FILE) or b"").decode(errors="replace"))
    found = {}
    for name, tag in _listed(written, KEY).items():
        present = content(name)
        is_back = present is not None and listed.get(name) in {None, _checksum(present)}
        if not is_back and not _is_own(lists, name):
            found[name] = tag
    return found | taken_off(written, lists)


def taken_off(written: Record, lists: ownership.Lists | None) -> dict[str, str]:
    """Return the files that lack changes, and that a service does not list as its own any more."""
    listed = _listed(written, SKIPPED)
    return {name: tag for name, tag in listed.items() if not _is_own(lists, name)}


def _is_own(lists: ownership.Lists | None, name: str) -> bool:
    return lists is not None and ownership.owner(lists, name) == ownership.SEEDED


def in_last_commit(service: Path) -> dict[str, str]:
    """Return what the last commit of a service lacks."""
    written = record.read(git.blob(service, f"HEAD:{record.FILE}"))
    return unsettled(written, _lists(service), lambda name: git.blob(service, f"HEAD:{name}"))


def to_compare(service: Path, written: Record) -> dict[str, str]:
    """Return the files that an update has to compare, even if it goes to the same release."""
    return taken_off(written, _lists(service))


def _lists(service: Path) -> ownership.Lists | None:
    text = git.blob(service, f"HEAD:{ownership.FILE}")
    return None if text is None else ownership.read(text)


def sentences(names: Iterable[str], here: Collection[str]) -> list[str]:
    """Return what is left to do, one sentence for each folder; `here` are the service's files."""
    folders: dict[str, list[str]] = {}
    back = []
    for name in sorted(names):
        if name in here:
            back.append(name)
        else:
            top, slash, _ = name.partition("/")
            folders.setdefault(top + slash, []).append(name)
    return [
        *(_sentence(folder, listed, here) for folder, listed in folders.items()),
        *(
            f"{name} is back and is not as the release has it. If it is as it was before, take the "
            f"release's with `template.update --restore={name}`; otherwise list it under seeded in "
            f"{ownership.FILE}"
            for name in back
        ),
    ]


def _sentence(folder: str, names: list[str], here: Collection[str]) -> str:
    shown = ", ".join(names[:SHOWN])
    if len(names) > SHOWN:
        shown += f" and {len(names) - SHOWN} more in {folder}"
    was, what = ("was", "it") if len(names) == 1 else ("were", "each of them")
    if gone := _gone(names, here):
        what, pattern = "the folder", f"{gone}/"
    else:
        pattern = names[0]
    return (
        f"{shown} {was} deleted here, and the template's changes are not applied. If this is "
        f'intended, list {what} under seeded in {ownership.FILE}, for example "{pattern}"; '
        f"otherwise bring it back with `template.update --restore={names[0]}`"
    )


def _gone(names: list[str], here: Collection[str]) -> str:
    """Return the folder that several files are in, if the service has no file there."""
    common = posixpath.commonpath(names) if len(names) > 1 else ""
    return "" if any(each.startswith(f"{common}/") for each in here) else common


def _checksum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
