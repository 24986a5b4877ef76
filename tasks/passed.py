"""Remembers for which files the update gate has passed, so that a release can ask."""

import subprocess
from pathlib import Path

from . import work_tree
from .folders import GATE, ROOT

FILE = GATE / "passed"


def remember(root: Path = ROOT, file: Path = FILE) -> None:
    """Write down the files that were just tested; outside a repository there is nothing to."""
    try:
        tree = work_tree.tree(root)
    except (subprocess.CalledProcessError, FileNotFoundError):
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{tree}\n", "utf-8")


def is_for(tree: str, file: Path = FILE) -> bool:
    """Return whether the gate has passed for a tree."""
    return file.is_file() and file.read_text("utf-8").strip() == tree
