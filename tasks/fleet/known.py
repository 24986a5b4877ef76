"""What is known against the packages of a fleet, asked once for all services."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..engine import engine
from . import offline
from .state import State

advisories: Any = engine("scanning.advisories")

NoAnswerError: type[Exception] = advisories.NoAnswerError


def mark(states: Sequence[State], service: str, max_age: int = offline.MAX_AGE) -> None:
    """Write into each state which of its packages something is known against.

    `service` is `public`, the address of a service, or a copy of its advisories: then no advisory
    of the copy may be missing for more than `max_age` days.
    """
    pairs = sorted({pair for each in states for pair in each.packages.items()})
    packages = [advisories.Package(name, version, "PyPI") for name, version in pairs]
    if service == "public" or "://" in service:
        address = advisories.PUBLIC if service == "public" else service
        findings = advisories.vulnerable(packages, address)
    else:
        findings = offline.vulnerable(packages, Path(service).expanduser(), max_age)
    found: dict[str, set[str]] = {}
    for finding in findings:
        version = finding.what.split()[0]
        found.setdefault(f"{finding.where} {version}", set()).add(finding.id)
    for each in states:
        if not each.packages:
            continue  # it cannot be read, or has no lock: nobody knows
        names = (f"{name} {version}" for name, version in sorted(each.packages.items()))
        each.vulnerable = [
            f"{name}: {', '.join(sorted(found[name]))}" for name in names if name in found
        ]
