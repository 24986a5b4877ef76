"""Reads `.template-files.sha256`: the checksums of template-owned files at the last render.

The list has the format of sha256sum: `sha256sum --check --quiet .template-files.sha256` also shows
edited files.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path

FILE = ".template-files.sha256"


def read(text: str) -> dict[str, str]:
    """Return the checksums by file name."""
    pairs = (line.split("  ", 1) for line in text.splitlines() if "  " in line)
    return {name: checksum for checksum, name in pairs}


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
