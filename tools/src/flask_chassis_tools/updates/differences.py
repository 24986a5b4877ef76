"""Shows the differences between two folders as a patch."""

import difflib
from collections.abc import Iterable, Iterator
from pathlib import Path

from .binaries import is_binary
from .checksums import is_executable

Side = tuple[Path, str]
"""A folder, and its label in the patch."""


def of_all(names: Iterable[str], before: Side, after: Side) -> str:
    """Return the differences of the named files; a missing file counts as empty."""
    return "".join("".join(_of_one(name, *before, *after)) for name in names)


def _of_one(name: str, old: Path, old_label: str, new: Path, new_label: str) -> Iterator[str]:
    """Yield the lines of a patch of one file; for a binary file, only that it differs."""
    labels = (f"{old_label}/{name}", f"{new_label}/{name}")
    before, after = _content(old / name), _content(new / name)
    if before is not None and after is not None:
        modes = [is_executable(folder / name) for folder in (old, new)]
        if modes[0] != modes[1]:
            was, is_now = ("100755" if each else "100644" for each in modes)
            yield f"mode {was} of {labels[0]}, mode {is_now} of {labels[1]}\n"
    if is_binary(before) or is_binary(after):
        if before != after:
            yield f"Binary files {labels[0]} and {labels[1]} differ\n"
    else:
        yield from difflib.unified_diff(_lines(before), _lines(after), *labels)


def _content(file: Path) -> bytes | None:
    return file.read_bytes() if file.is_file() else None


def _lines(content: bytes | None) -> list[str]:
    return (content or b"").decode("utf-8", errors="replace").splitlines(keepends=True)
