"""Remembers which changes of the template a service lacks, as it deleted the files.

The record of the service lists them until the team has settled it: the file is back, or it is
listed as the service's own.
"""

from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Any

from . import git, ownership, record
from .record import Record

KEY = "left_out"
"""The key in `.cruft.json`: names of files, each with the first release whose change is missing."""

SHOWN = 3


def known(written: Record) -> dict[str, str]:
    """Return what earlier updates left out."""
    found = written.more.get(KEY)
    return {str(name): str(tag) for name, tag in found.items()} if isinstance(found, dict) else {}


def recorded(written: Record, names: Iterable[str], tag: str) -> dict[str, Any]:
    """Return the additional keys of the next record."""
    before = known(written)
    found = {name: before.get(name, tag) for name in names}
    more = {key: value for key, value in written.more.items() if key != KEY}
    return more | ({KEY: found} if found else {})


def unsettled(
    written: Record, lists: ownership.Lists | None, is_here: Callable[[str], bool]
) -> dict[str, str]:
    """Return what a service still lacks, by its record, its owners and its files."""
    return {
        name: tag
        for name, tag in known(written).items()
        if not is_here(name) and not (lists and ownership.owner(lists, name) == ownership.SEEDED)
    }


def in_last_commit(service: Path) -> dict[str, str]:
    """Return what the last commit of a service lacks."""
    text = git.blob(service, f"HEAD:{ownership.FILE}")
    lists = None if text is None else ownership.read(text)
    written = record.read(git.blob(service, f"HEAD:{record.FILE}"))
    if not known(written):
        return {}
    files = {*git.names(service, "ls-tree", "-r", "-z", "--name-only", "--full-tree", "HEAD")}
    return unsettled(written, lists, files.__contains__)


def sentences(names: Collection[str]) -> list[str]:
    """Return what is left to do, one sentence for each folder."""
    folders: dict[str, list[str]] = {}
    for name in sorted(names):
        top, slash, _ = name.partition("/")
        folders.setdefault(top + slash, []).append(name)
    return [_sentence(folder, listed) for folder, listed in folders.items()]


def _sentence(folder: str, names: list[str]) -> str:
    shown = ", ".join(names[:SHOWN])
    if len(names) > SHOWN:
        shown += f" and {len(names) - SHOWN} more in {folder}"
    was, pattern = ("was", names[0]) if len(names) == 1 else ("were", f"{folder}**")
    return (
        f"{shown} {was} deleted here, and the template's changes are not applied. If this is "
        f'intended, list it under seeded in {ownership.FILE}, for example "{pattern}"; otherwise '
        f"bring it back: template.update --restore={names[0]}"
    )
