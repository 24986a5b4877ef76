"""The template that a fleet is updated from: a release of this repository, or what it is now."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from invoke import Exit

from .. import work_tree
from ..engine import engine
from ..folders import ROOT

faults: Any = engine("faults")
releases: Any = engine("releases")
signatures: Any = engine("signatures")
source: Any = engine("source")

_PERSON = ("-c", "user.name=Template", "-c", "user.email=template@localhost")


@contextmanager
def released(tag: str) -> Iterator[tuple[Path, str]]:
    """Give a clone of this repository, and a tag in it: the newest where none is named."""
    with tempfile.TemporaryDirectory(prefix="template-") as folder:
        keys = trusted_keys()
        clone = source.Source.cloned(str(ROOT), Path(folder) / "template", keys)
        try:
            release = clone.release(tag)
        except faults.UpdateError as error:
            raise Exit(str(error), 1) from None
        yield clone.folder, release


def trusted_keys() -> str:
    """Return the keys that have signed the releases; empty where none are configured."""
    try:
        return str(signatures.trusted_keys(ROOT))
    except faults.UpdateError as error:
        raise Exit(str(error), 1) from None


@contextmanager
def as_it_is(root: Path = ROOT) -> Iterator[tuple[Path, str]]:
    """Give a clone in which the work tree, as it stands, is the next version."""
    with tempfile.TemporaryDirectory(prefix="template-") as folder:
        clone = source.Source.cloned(str(root), Path(folder) / "template")
        tree = work_tree.tree(root, stored_in=clone.folder)
        words = (*_PERSON, "commit-tree", tree, "-p", "HEAD", "-m", "As it is")
        tag = _next(clone.tags())
        work_tree.git(clone.folder, "tag", tag, work_tree.git(clone.folder, *words))
        yield clone.folder, tag


def _next(tags: list[str]) -> str:
    known = releases.in_order(tags)
    major, minor, *_ = releases.order(known[-1]) if known else (0, 0)
    return f"v{major}.{minor + 1}.0-now"
