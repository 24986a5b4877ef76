"""`.template-files.sha256`: what the template's files were when they were rendered.

The list has the form of sha256sum, so that `sha256sum --check --quiet .template-files.sha256` tells
what was edited here, too.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path

FILE = ".template-files.sha256"


def read(text: str) -> dict[str, str]:
    """Return the checksums by name."""
    pairs = (line.split("  ", 1) for line in text.splitlines() if "  " in line)
    return {name: checksum for checksum, name in pairs}


def edited(listed: dict[str, str], content: Callable[[str], bytes | None]) -> dict[str, str]:
    """Return the files that are not as they were rendered: `edited` or `deleted`."""
    found = {}
    for name, checksum in listed.items():
        present = content(name)
        if present is None:
            found[name] = "deleted"
        elif hashlib.sha256(present).hexdigest() != checksum:
            found[name] = "edited"
    return found


def content_in(folder: Path) -> Callable[[str], bytes | None]:
    """Read files of a folder; a link is what it leads to nowhere else than here."""

    def content(name: str) -> bytes | None:
        try:
            return (folder / name).read_bytes()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            return None

    return content
