"""How files differ between two folders, as a patch shows it."""

import difflib
from collections.abc import Iterable, Iterator
from pathlib import Path

Side = tuple[Path, str]
"""A folder, and what the patch calls it."""


def of_all(names: Iterable[str], before: Side, after: Side) -> str:
    """Return the differences of some files; one that is not there is empty."""
    return "".join("".join(_of_one(name, *before, *after)) for name in names)


def _of_one(name: str, old: Path, old_label: str, new: Path, new_label: str) -> Iterator[str]:
    """Yield the lines of a patch of one file."""
    labels = (f"{old_label}/{name}", f"{new_label}/{name}")
    return difflib.unified_diff(_lines(old / name), _lines(new / name), *labels)


def _lines(file: Path) -> list[str]:
    if not file.is_file():
        return []
    return file.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
