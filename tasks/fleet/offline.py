"""Reads a copy of OSV's advisories about PyPI, for a machine that can ask no service.

The copy is https://osv-vulnerabilities.storage.googleapis.com/PyPI/all.zip, or a folder with its
files.
"""

import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from ..engine import engine

advisories: Any = engine("scanning.advisories")

WHERE = "https://osv-vulnerabilities.storage.googleapis.com/PyPI/all.zip"

MAX_AGE = 14
"""Days after which a copy is too old: on most days there is a new advisory about PyPI."""

Advisory = Mapping[str, Any]


def vulnerable(packages: Iterable[Any], copy: Path, max_age: int = MAX_AGE) -> list[Any]:
    """Return the known vulnerabilities of packages that a later version fixes.

    NoAnswerError if there is no copy, if it cannot be read, or if it is too old.
    """
    by_name: dict[str, list[Any]] = {}
    for package in packages:
        by_name.setdefault(canonicalize_name(package.name), []).append(package)
    newest = ""
    found = []
    for file, advisory in _read(copy):
        try:
            newest = max(newest, advisory["modified"])
            if "withdrawn" in advisory:
                continue
            for package in {each for name in _names(advisory) for each in by_name.get(name, ())}:
                finding = advisories.finding_of(advisory, advisory["id"], package)
                if finding and _affects(advisory, package):
                    found.append(finding)
        except (KeyError, TypeError, AttributeError) as error:
            raise advisories.NoAnswerError(
                f"{file} in {copy} is not an advisory in OSV's format: {error!r}"
            ) from error
    _require_new(newest, copy, max_age)
    return found


def _read(copy: Path) -> Iterator[tuple[str, Advisory]]:
    """Yield each advisory of a copy, with the name of its file."""
    try:
        if copy.is_dir():
            for path in sorted(copy.glob("*.json")):
                yield path.name, json.loads(path.read_bytes())
        else:
            with zipfile.ZipFile(copy) as archive:
                for name in archive.namelist():
                    if name.endswith(".json"):
                        yield name, json.loads(archive.read(name))
    except (OSError, zipfile.BadZipFile, ValueError) as error:
        raise advisories.NoAnswerError(
            f"the copy {copy} cannot be read: {error}. Get it from {WHERE}"
        ) from error


def _require_new(newest: str, copy: Path, max_age: int) -> None:
    if not newest:
        raise advisories.NoAnswerError(f"{copy} has no advisories. Get them from {WHERE}")
    modified = datetime.fromisoformat(newest)
    days = (datetime.now(UTC) - modified).days
    if days > max_age:
        raise advisories.NoAnswerError(
            f"the newest advisory in {copy} is from {modified:%Y-%m-%d}, {days} days ago. Get a "
            f"newer copy from {WHERE}, or allow this one with --max-age={days}"
        )


def _names(advisory: Advisory) -> set[str]:
    """Return the packages on PyPI that an advisory is about."""
    return {canonicalize_name(each["package"]["name"]) for each in _affected(advisory)}


def _affected(advisory: Advisory) -> Iterator[Advisory]:
    for each in advisory.get("affected", ()):
        if each.get("package", {}).get("ecosystem") == "PyPI":
            yield each


def _affects(advisory: Advisory, package: Any) -> bool:
    """Return whether an advisory is about the version of a package, by OSV's rules."""
    for each in _affected(advisory):
        if canonicalize_name(each["package"]["name"]) != canonicalize_name(package.name):
            continue
        if package.version in each.get("versions", ()):
            return True
        ranges = (one for one in each.get("ranges", ()) if one.get("type") == "ECOSYSTEM")
        if any(_is_within(package.version, one["events"]) for one in ranges):
            return True
    return False


def _is_within(version: str, events: Iterable[Mapping[str, str]]) -> bool:
    """Return whether a version is in a range, whose events can have any order."""
    try:
        ours = Version(version)
        steps = sorted((Version(text), what) for event in events for what, text in event.items())
    except InvalidVersion:
        return False
    is_within = False
    for place, what in steps:
        if what == "introduced" and ours >= place:
            is_within = True
        elif (what == "fixed" and ours >= place) or (what == "last_affected" and ours > place):
            is_within = False
    return is_within
