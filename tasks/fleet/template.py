"""The template that a fleet is updated from: a release of this repository, or what it is now."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..engine import engine
from ..folders import ROOT

releases: Any = engine("releases")
source: Any = engine("source")

_PERSON = ("-c", "user.name=Template", "-c", "user.email=template@localhost")


@contextmanager
def released(tag: str) -> Iterator[tuple[Path, str]]:
    """Give a clone of this repository, and a tag in it: the newest where none is named."""
    with tempfile.TemporaryDirectory(prefix="template-") as folder:
        clone = source.Source.cloned(str(ROOT), Path(folder) / "template")
        yield clone.folder, clone.release(tag)


@contextmanager
def as_it_is() -> Iterator[tuple[Path, str]]:
    """Give a clone in which the work tree, as it stands, is the next version."""
    with tempfile.TemporaryDirectory(prefix="template-") as folder:
        clone = source.Source.cloned(str(ROOT), Path(folder) / "template")
        index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        words = (f"--git-dir={clone.folder}", f"--work-tree={ROOT}", *_PERSON)
        _git(*words, "read-tree", "HEAD", variables=index)
        _git(*words, "add", "--all", ".", variables=index)
        tree = _git(*words, "write-tree", variables=index)
        commit = _git(*words, "commit-tree", tree, "-p", "HEAD", "-m", "As it is")
        tag = _next(clone.tags())
        _git(*words, "tag", tag, commit)
        yield clone.folder, tag


def _next(tags: list[str]) -> str:
    known = releases.in_order(tags)
    major, minor, *_ = releases.order(known[-1]) if known else (0, 0)
    return f"v{major}.{minor + 1}.0-now"


def _git(*words: str, variables: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        ["git", *words],
        cwd=ROOT,
        env=os.environ | (variables or {}),
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()
