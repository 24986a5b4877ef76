"""Asks an advisory service that speaks OSV's protocol (https://google.github.io/osv.dev/api/)."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .findings import Finding

PUBLIC = "https://api.osv.dev/v1"

TIMEOUT_SECONDS = 30


class NoAnswerError(Exception):
    """The service cannot be asked, so that nothing is known."""


@dataclass(frozen=True)
class Package:
    """Something that is installed."""

    name: str
    version: str
    ecosystem: str
    """`PyPI`, or `Debian:12`."""


def vulnerable(packages: Iterable[Package], service: str = PUBLIC) -> list[Finding]:
    """Return what is known against packages, and is mended in a later version.

    What is not mended yet stays out: nobody could do anything about it but wait.
    """
    asked = list(packages)
    queries = [
        {"package": {"name": each.name, "ecosystem": each.ecosystem}, "version": each.version}
        for each in asked
    ]
    answer = _ask(f"{service}/querybatch", {"queries": queries})
    results = answer.get("results")
    if not isinstance(results, list) or len(results) != len(asked):
        raise NoAnswerError(f"{service} answers something else than OSV's protocol says")
    found = []
    for package, result in zip(asked, results, strict=True):
        for known in (result or {}).get("vulns", []):
            advisory = _ask(f"{service}/vulns/{known['id']}")
            if fixed := _fixed_in(advisory, package):
                what = f"{package.version} is installed, mended in {fixed}"
                found.append(Finding("vulnerabilities", known["id"], package.name, what))
    return found


def _fixed_in(advisory: dict[str, Any], package: Package) -> str:
    """Return the versions in which a package is mended, or nothing."""
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
        raise NoAnswerError(f"{url} is not asked: it is no https address")
    data = json.dumps(body).encode() if body else None
    request = urllib.request.Request(  # noqa: S310  (see above)
        url, data, {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
            read: dict[str, Any] = json.load(answer)
    except (OSError, ValueError) as error:
        raise NoAnswerError(f"{url} does not answer: {error}") from error
    return read
