"""Reads `.template-files.sha256`: the checksums of template-owned files at the last render.

The list has the format of sha256sum: `sha256sum --check --quiet .template-files.sha256` also shows
edited files. The names of executable files follow in comments, which sha256sum skips.
"""

import hashlib
import stat
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

FILE = ".template-files.sha256"

EXECUTABLE = "# executable: "


def read(text: str) -> dict[str, str]:
    """Return the checksums by file name."""
    pairs = (line.split("  ", 1) for line in text.splitlines() if "  " in line)
    return {name: checksum for checksum, name in pairs}


def executables(text: str) -> set[str] | None:
    """Return the files that were executable; None if the list is older than these comments."""
    comments = (line for line in text.splitlines() if line.startswith(EXECUTABLE))
    return {line.removeprefix(EXECUTABLE) for line in comments} or None


def comments(names: Iterable[str]) -> str:
    """Return the comments with executable files, the end of the list."""
    return "".join(f"{EXECUTABLE}{name}\n" for name in sorted(names))


def is_executable(file: Path) -> bool:
    """Return whether a file is executable, as git sees it: by its owner."""
    return bool(file.stat().st_mode & stat.S_IXUSR)


def other_modes(folder: Path, names: Iterable[str], executable: Collection[str]) -> dict[str, str]:
    """Return the files that became executable, or are not any more."""
    found = {}
    for name in names:
        is_now, was = is_executable(folder / name), name in executable
        if is_now != was:
            found[name] = "made executable" if is_now else "not executable any more"
    return found


def edited(listed: dict[str, str], content: Callable[[str], bytes | None]) -> dict[str, str]:
    """Return the files that differ from their checksums: `edited` or `deleted`."""
    found = {}
    for name, checksum in listed.items():
        present = content(name)
        if present is None:
            found[name] = "deleted"
        elif hashlib.sha256(present).hexdigest() != checksum:
            found[name] = "edited"
    return found


def content_in(folder: Path) -> Callable[[str], bytes | None]:
    """Return a function that reads files in a folder, and returns None for missing files."""

    def content(name: str) -> bytes | None:
        try:
            return (folder / name).read_bytes()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            return None

    return content
