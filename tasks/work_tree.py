"""The files of a repository as they stand, committed or not, as git stores them."""

import os
import subprocess
import tempfile
from pathlib import Path

from .folders import ROOT


def tree(root: Path = ROOT, stored_in: Path | None = None) -> str:
    """Return the tree of the work tree; what git ignores is not part of it.

    Its objects are stored in the repository itself, or in the one whose git directory is given.
    """
    where = [f"--git-dir={stored_in}", f"--work-tree={root}"] if stored_in else []
    with tempfile.TemporaryDirectory() as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        for words in (["read-tree", "HEAD"], ["add", "--all", "."]):
            git(root, *where, *words, variables=index)
        return git(root, *where, "write-tree", variables=index)


def git(root: Path, *words: str, variables: dict[str, str] | None = None) -> str:
    """Run git, which has to succeed, and return what it prints."""
    done = subprocess.run(
        ["git", *words],
        cwd=root,
        env=os.environ | (variables or {}),
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()
