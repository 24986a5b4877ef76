"""Where the gate's services come from: made-up releases, and the last ones of this repository."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.engine import engine
from tasks.fleet.template import as_it_is
from tasks.folders import ROOT
from tests.updates import history
from tests.updates.history import Repository

releases: Any = engine("releases")
source: Any = engine("source")

LAST = 3
"""How many of its own releases a service may be behind, and be updated without a conflict."""


@dataclass(frozen=True)
class Release:
    """A release that services are rendered at."""

    tag: str
    is_own: bool = False
    """Whether it is one of this repository, and not made up."""

    def __str__(self) -> str:
        """Return what reports call it."""
        return self.tag if self.is_own else f"made-up {self.tag}"


MADE_UP = (Release("v1.0.0"), Release("v1.1.0"))


@dataclass(frozen=True)
class Past:
    """The releases of a template, up to the one that services are updated to."""

    template: Repository
    newest: str


def own_releases(root: Path = ROOT) -> list[Release]:
    """Return the last releases of a repository, the oldest first; pre-releases are none."""
    tags = releases.in_order(source.Source(root, str(root)).tags())
    return [Release(tag, is_own=True) for tag in tags if releases.order(tag)[3]][-LAST:]


@contextmanager
def of_this_repository(root: Path = ROOT) -> Iterator[Past]:
    """Give the real past: all tags, and the work tree as it stands as the next release."""
    with as_it_is(root) as (folder, tag):
        yield Past(history.published(folder), tag)
