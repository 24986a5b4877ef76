"""Orders the template's releases: tags that are semantic versions."""

import re
from collections.abc import Iterable

_TAG = re.compile(r"v?(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?")

Order = tuple[int, int, int, bool, tuple[tuple[bool, int, str], ...]]


def order(tag: str) -> Order | None:
    """Return the sort key of a version; None if a tag is not a semantic version.

    A pre-release is older than its release. Its numeric parts are compared as numbers.
    """
    match = _TAG.fullmatch(tag)
    if not match:
        return None
    major, minor, patch, pre = match.groups()
    parts = tuple(
        (not part.isdigit(), int(part) if part.isdigit() else 0, part)
        for part in (pre or "").split(".")
        if part
    )
    return int(major), int(minor), int(patch), pre is None, parts


def in_order(tags: Iterable[str]) -> list[str]:
    """Return the tags that are versions, oldest first."""
    found = {tag: place for tag in tags if (place := order(tag)) is not None}
    return sorted(found, key=lambda tag: found[tag])


def newest(tags: Iterable[str]) -> str | None:
    """Return the newest release; pre-releases do not count."""
    releases = [tag for tag in in_order(tags) if (place := order(tag)) and place[3]]
    return releases[-1] if releases else None


def between(tags: Iterable[str], after: str | None, until: str) -> list[str]:
    """Return the versions after one version, up to and including another, oldest first."""
    low, high = order(after or "0.0.0-0"), order(until)
    if low is None or high is None:
        return []
    return [tag for tag in in_order(tags) if (place := order(tag)) and low < place <= high]
