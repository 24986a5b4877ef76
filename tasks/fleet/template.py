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

addresses: Any = engine("addresses")
faults: Any = engine("faults")
git: Any = engine("git")
record: Any = engine("record")
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


def require_at(address: str, clone: Path, tag: str) -> None:
    """Raise Exit unless the template is at an address: with the same commit under a tag."""
    if record.is_local(address):
        raise Exit(
            f"--template={address} is a local folder. Give the address that everybody has the "
            "template from: https://...",
            2,
        )
    shown = record.without_secrets(address)
    names = (f"refs/tags/{tag}", f"refs/tags/{tag}^{{}}")
    done = git.tries(clone, "ls-remote", "--", address, *names)
    if done.returncode:
        said = addresses.without_logins(done.stderr.decode(errors="replace").strip(), address)
        raise Exit(f"The template cannot be read at {shown}: {said}", 1)
    # Of an annotated tag, the commit is in the last line.
    lines = done.stdout.decode().splitlines()
    there = lines[-1].split()[0] if lines else "no such tag"
    here = source.Source(clone, shown).commit(tag)
    if there != here:
        raise Exit(
            f"{shown} is not where this template is now: {tag} is {here[:10]} here, and there it "
            f"is {there[:11]}. Push this repository and its tags there first.",
            1,
        )


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
