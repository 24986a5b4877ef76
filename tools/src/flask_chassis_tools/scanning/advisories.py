"""Queries an advisory service with the OSV API (https://google.github.io/osv.dev/api/)."""

import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask_chassis_tools.scanning.findings import Finding

PUBLIC = "https://api.osv.dev/v1"

TIMEOUT_SECONDS = 30

AT_ONCE = 1000
"""How many packages osv.dev accepts in one request."""


class NoAnswerError(Exception):
    """The advisory service did not return a usable response."""


@dataclass(frozen=True)
class Package:
    """An installed package."""

    name: str
    version: str
    ecosystem: str
    """`PyPI`, or `Debian:12`."""


def vulnerable(packages: Iterable[Package], service: str = PUBLIC) -> list[Finding]:
    """Return the known vulnerabilities of packages that a later version fixes.

    Vulnerabilities without a fix are left out, because there is nothing to do about them yet.
    """
    asked = list(packages)
    known: dict[str, dict[str, Any]] = {}
    found = []
    for start in range(0, len(asked), AT_ONCE):
        some = asked[start : start + AT_ONCE]
        for package, names in zip(some, _names(some, service), strict=True):
            for name in names:
                if name not in known:
                    known[name] = _ask(f"{service}/vulns/{name}")
                if finding := finding_of(known[name], name, package):
                    found.append(finding)
    return found


def _names(packages: list[Package], service: str) -> list[list[str]]:
    """Return the advisories of each package."""
    queries = [
        {"package": {"name": each.name, "ecosystem": each.ecosystem}, "version": each.version}
        for each in packages
    ]
    results = _ask(f"{service}/querybatch", {"queries": queries}).get("results")
    if not isinstance(results, list) or len(results) != len(packages):
        raise NoAnswerError(f"{service} does not implement the OSV API")
    return [[known["id"] for known in (each or {}).get("vulns", [])] for each in results]


def finding_of(advisory: dict[str, Any], name: str, package: Package) -> Finding | None:
    """Return the finding about a package that an advisory affects; None if nothing fixes it."""
    fixed = _fixed_in(advisory, package)
    if not fixed:
        return None
    what = f"{package.version} is installed, fixed in {fixed}"
    return Finding("vulnerabilities", name, package.name, what)


def _fixed_in(advisory: dict[str, Any], package: Package) -> str:
    """Return the versions that fix a package; empty if none exist."""
    versions = {
        event["fixed"]
        for affected in advisory.get("affected", [])
        if _normalised(affected.get("package", {}).get("name", "")) == _normalised(package.name)
        and affected["package"].get("ecosystem", "").startswith(package.ecosystem)
        for stretch in affected.get("ranges", [])
        if stretch.get("type") != "GIT"
        for event in stretch.get("events", [])
        if "fixed" in event
    }
    return ", ".join(sorted(versions))


def _normalised(name: str) -> str:
    """Return the one form of a package's name, as PyPI has it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _ask(url: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    if not url.startswith(("https://", "http://127.0.0.1:")):
        raise NoAnswerError(f"{url} was not requested: it is not an https URL")
    data = json.dumps(body).encode() if body else None
    request = urllib.request.Request(  # noqa: S310  (see above)
        url, data, {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
            read: dict[str, Any] = json.load(answer)
    except (OSError, ValueError) as error:
        raise NoAnswerError(f"{url} does not respond: {error}") from error
    return read
