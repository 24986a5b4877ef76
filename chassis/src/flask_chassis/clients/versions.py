"""Parses and compares versions in the format of `git describe`, in the order of PEP 440.

v1.6-rc1 < v1.6 < v1.9 < v1.10        v2.3 < v2.3-17-g2257f9c < v2.3.1
"""

import re
from dataclasses import dataclass
from functools import total_ordering

from packaging.version import Version as Release

# The tag; for a later commit, also the number of commits since the tag and the abbreviated commit;
# `-dirty` if files have changed.
_DESCRIBED = re.compile(
    r"(?P<tag>v?[0-9]\S{0,60}?)(?:-(?P<commits>[0-9]{1,9})-g[0-9a-f]{4,64})?(?:-dirty)?"
)

# A text without `v` or a dot may be a commit: without a tag, `git describe --always` prints
# `2257190`.
_LIKE_A_TAG = re.compile(r"v|[0-9]+\.")


class BadVersionError(ValueError):
    """A text is not a valid version."""


@total_ordering
@dataclass(frozen=True, slots=True)
class Version:
    """A version: a tag and the number of commits since the tag."""

    text: str
    release: Release
    commits: int

    def __eq__(self, other: object) -> bool:
        """Return whether neither version is older, so that `1.0` equals `v1.0.0`."""
        return isinstance(other, Version) and self._order == other._order

    def __lt__(self, other: "Version") -> bool:
        """Return whether this version is older."""
        return self._order < other._order

    def __hash__(self) -> int:
        """Return the same hash for equal versions."""
        return hash(self._order)

    def __str__(self) -> str:
        """Return the text that was parsed."""
        return self.text

    @property
    def _order(self) -> tuple[Release, int]:
        return self.release, self.commits


def parse(text: str) -> Version:
    """Return the version that a text contains; raises BadVersionError if it is not valid."""
    found = _DESCRIBED.fullmatch(text)
    if not found or not _LIKE_A_TAG.match(text):
        raise BadVersionError(f"{text[:80]!r} is not a valid version")
    try:
        release = Release(found["tag"])
    except ValueError as error:
        raise BadVersionError(f"{text[:80]!r} is not a valid version") from error
    return Version(text, release, int(found["commits"] or 0))
