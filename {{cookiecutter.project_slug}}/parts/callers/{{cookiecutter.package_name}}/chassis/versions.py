"""Compares versions as `git describe` writes them, in the order of PEP 440.

v1.6-rc1 < v1.6 < v1.9 < v1.10        v2.3 < v2.3-17-g2257f9c < v2.3.1
"""

import re
from dataclasses import dataclass
from functools import total_ordering

from packaging.version import Version as Release

# The tag, and where it is not the commit itself: how many commits ago, which commit, changed files.
_DESCRIBED = re.compile(
    r"(?P<tag>v?[0-9]\S{0,60}?)(?:-(?P<commits>[0-9]{1,9})-g[0-9a-f]{4,64})?(?:-dirty)?"
)

# Without a `v` or a dot it may be a commit: `git describe --always` gives `2257190` without a tag.
_LIKE_A_TAG = re.compile(r"v|[0-9]+\.")


class BadVersionError(ValueError):
    """A text is no version."""


@total_ordering
@dataclass(frozen=True, slots=True)
class Version:
    """A version: a tag, and how many commits after it."""

    text: str
    release: Release
    commits: int

    def __eq__(self, other: object) -> bool:
        """Whether neither is older, however they are written: `1.0` is `v1.0.0`."""
        return isinstance(other, Version) and self._order == other._order

    def __lt__(self, other: "Version") -> bool:
        """Whether this one is older."""
        return self._order < other._order

    def __hash__(self) -> int:
        """Equal versions have equal hashes."""
        return hash(self._order)

    def __str__(self) -> str:
        """Return it as it was written."""
        return self.text

    @property
    def _order(self) -> tuple[Release, int]:
        return self.release, self.commits


def parse(text: str) -> Version:
    """Read a version; BadVersionError for any text that is none."""
    found = _DESCRIBED.fullmatch(text)
    if not found or not _LIKE_A_TAG.match(text):
        raise BadVersionError(f"{text[:80]!r} is no version")
    try:
        release = Release(found["tag"])
    except ValueError as error:
        raise BadVersionError(f"{text[:80]!r} is no version") from error
    return Version(text, release, int(found["commits"] or 0))
