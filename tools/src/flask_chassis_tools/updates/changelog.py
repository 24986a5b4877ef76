"""Reads sections of the template's CHANGELOG.md."""

import re
from collections.abc import Collection

FILE = "CHANGELOG.md"
ACTION = "Action needed"

UNRELEASED = "Unreleased"

_DOWNGRADE = re.compile(r"Downgrade of `?([\w.-]+)`? to `?([\w.!+-]+)`?: (.+)")
_HEADING = re.compile(r"^## \[?v?([^\]\s]+)\]?.*$", re.MULTILINE)


def sections(text: str, versions: Collection[str]) -> str:
    """Return the sections of the given versions."""
    wanted = {version.removeprefix("v") for version in versions}
    headings = list(_HEADING.finditer(text))
    starts = [heading.start() for heading in headings]
    return "\n\n".join(
        text[heading.start() : end].strip()
        for heading, end in zip(headings, [*starts[1:], len(text)], strict=False)
        if heading[1] in wanted
    )


def actions(text: str) -> list[str]:
    """Return the entries that require an action in services, each on one line."""
    return [entry for entry in _entries(text) if ACTION in entry]


def downgrades(text: str) -> dict[tuple[str, str], str]:
    """Return why releases lock older versions, by package and version.

    An entry says so: `- Downgrade of urllib3 to 2.5.0: 2.6.0 cannot use our proxies.`
    """
    found = filter(None, map(_DOWNGRADE.match, _entries(text)))
    return {(match[1], match[2]): match[3] for match in found}


def _entries(text: str) -> list[str]:
    """Return the entries of sections, each on one line."""
    entries = re.split(r"^(?=[-*] )|\n\s*\n|^(?=#)", text, flags=re.MULTILINE)
    return [" ".join(entry.split()).lstrip("-* ") for entry in entries]
