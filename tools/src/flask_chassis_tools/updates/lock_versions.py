"""Compares the versions in locks: an update takes no newer version back without a reason.

A release gives the reason in its section of CHANGELOG.md: `- Downgrade of urllib3 to 2.5.0: why`.

Unlike the other modules, this one requires `packaging`, when it compares: the template's hooks,
which have nothing but the wheel, do not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .faults import UpdateError

if TYPE_CHECKING:
    from packaging.version import Version

_VERSION = re.compile(r'^version = "(.+)"$', re.MULTILINE)

Entries = Mapping[str, str]
"""The entries of a lock by package name, as `lock_file.packages` returns them."""

Reasons = Mapping[tuple[str, str], str]
"""Why a release downgrades, by package and version, as `changelog.downgrades` returns them."""


@dataclass
class Told:
    """What an update says about the versions in a lock."""

    notes: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def versions(entry: str) -> list[Version]:
    """Return the versions of a package's entry, highest first; several for several platforms."""
    from packaging.version import InvalidVersion, Version

    try:
        return sorted({Version(text) for text in _VERSION.findall(entry)}, reverse=True)
    except InvalidVersion as error:
        raise UpdateError(f"poetry.lock cannot be compared: {error}. Run poetry lock.") from None


def is_lower(entry: str, than: str) -> bool:
    """Return whether an entry has a lower version than another; on some platform is enough."""
    new, old = versions(entry), versions(than)
    return any(a < b for a, b in zip(new, old, strict=False)) or new[-1:] < old[-1:]


def reason(name: str, entry: str, reasons: Reasons) -> str:
    """Return why a release downgrades a package to this entry; empty if it does not say."""
    from packaging.utils import canonicalize_name

    locked = {str(version) for version in versions(entry)}
    found = (
        why
        for (package, version), why in reasons.items()
        if canonicalize_name(package) == canonicalize_name(name) and version in locked
    )
    return next(found, "")


def taken_back(ours: Entries, other: Entries, reasons: Reasons) -> list[str]:
    """Return the packages that another lock has in a lower version, for no given reason."""
    return [
        name
        for name in sorted({*ours} & {*other})
        if is_lower(other[name], ours[name]) and not reason(name, other[name], reasons)
    ]


def compared(
    ours: Entries, before: Entries, after: Entries, made: Entries, reasons: Reasons
) -> Told:
    """Return what to say of a lock that was `made`.

    `ours` is the service's lock, `before` and `after` are those of the two releases.
    """
    told = Told()
    for name in sorted({*ours} & {*made}):
        had, has = versions(ours[name]), versions(made[name])
        if is_lower(made[name], ours[name]):
            change = f"{name} from {_shown(had)} to {_shown(has)}"
            if why := reason(name, made[name], reasons):
                told.notes.append(f"poetry.lock: the release takes {change}: {why}")
            else:
                told.faults.append(
                    f"poetry.lock takes {change}, and the release gives no reason for a downgrade: "
                    "find out what excludes the newer version, in pyproject.toml and with `poetry "
                    f"show --tree`, then run `poetry update --lock {name}`, or commit the lock "
                    "if the older version is right"
                )
            continue
        brought, known = (versions(lock.get(name, "")) for lock in (after, before))
        if not brought or brought in (known, had):
            continue
        has_less = is_lower(made[name], after[name])
        if had != known or has_less or is_lower(after[name], ours[name]):
            told.notes.append(
                f"poetry.lock: {name} is {_shown(has)}; the service had {_shown(had)}, and the "
                f"release has {_shown(brought)}"
            )
    return told


def _shown(found: list[Version]) -> str:
    return " and ".join(str(version) for version in found)
