"""How files differ between two folders, as a patch shows it."""

import difflib
from collections.abc import Iterable
from pathlib import Path

Side = tuple[Path, str]
"""A folder, and what the patch calls it."""


def of_all(names: Iterable[str], before: Side, after: Side) -> str:
    """Return the differences of some files; one that is not there is empty."""
    return "".join(_of_one(name, before, after) for name in names)


def _of_one(name: str, before: Side, after: Side) -> str:
    folders, labels = zip(before, after, strict=True)
    texts = (_lines(folder / name) for folder in folders)
    return "".join(difflib.unified_diff(*texts, *(f"{label}/{name}" for label in labels)))


def _lines(file: Path) -> list[str]:
    if not file.is_file():
        return []
    return file.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
