"""What is known against the packages of a fleet, asked once for all services."""

from collections.abc import Sequence
from typing import Any

from ..engine import engine
from .state import State

advisories: Any = engine("scanning.advisories")

NoAnswerError: type[Exception] = advisories.NoAnswerError


def mark(states: Sequence[State], service: str) -> None:
    """Write into each state which of its packages something is known against."""
    address = advisories.PUBLIC if service == "public" else service
    pairs = sorted({pair for each in states for pair in each.packages.items()})
    packages = [advisories.Package(name, version, "PyPI") for name, version in pairs]
    found: dict[str, set[str]] = {}
    for finding in advisories.vulnerable(packages, address):
        version = finding.what.split()[0]
        found.setdefault(f"{finding.where} {version}", set()).add(finding.id)
    for each in states:
        if not each.packages:
            continue  # it cannot be read, or has no lock: nobody knows
        names = (f"{name} {version}" for name, version in sorted(each.packages.items()))
        each.vulnerable = [
            f"{name}: {', '.join(sorted(found[name]))}" for name in names if name in found
        ]
