"""Queries an advisory service with the OSV API (https://google.github.io/osv.dev/api/)."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask_chassis_tools.scanning.findings import Finding

PUBLIC = "https://api.osv.dev/v1"

TIMEOUT_SECONDS = 30


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
    queries = [
        {"package": {"name": each.name, "ecosystem": each.ecosystem}, "version": each.version}
        for each in asked
    ]
    answer = _ask(f"{service}/querybatch", {"queries": queries})
    results = answer.get("results")
    if not isinstance(results, list) or len(results) != len(asked):
        raise NoAnswerError(f"{service} does not implement the OSV API")
    found = []
    for package, result in zip(asked, results, strict=True):
        for known in (result or {}).get("vulns", []):
            advisory = _ask(f"{service}/vulns/{known['id']}")
            if fixed := _fixed_in(advisory, package):
                what = f"{package.version} is installed, fixed in {fixed}"
                found.append(Finding("vulnerabilities", known["id"], package.name, what))
    return found


def _fixed_in(advisory: dict[str, Any], package: Package) -> str:
    """Return the versions that fix a package; empty if there are none."""
    versions = {
        event["fixed"]
        for affected in advisory.get("affected", [])
        if affected.get("package", {}).get("name", "").lower() == package.name.lower()
        and affected["package"].get("ecosystem", "").startswith(package.ecosystem)
        for stretch in affected.get("ranges", [])
        if stretch.get("type") != "GIT"
        for event in stretch.get("events", [])
        if "fixed" in event
    }
    return ", ".join(sorted(versions))


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
