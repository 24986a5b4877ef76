"""Reads sections of the template's CHANGELOG.md."""

import re
from collections.abc import Collection

FILE = "CHANGELOG.md"
ACTION = "Action needed"

_HEADING = re.compile(r"^## \[?v?([^\]\s]+)\]?.*$", re.MULTILINE)


def sections(text: str, versions: Collection[str]) -> str:
    """Return the sections of the given versions."""
    wanted = {version.removeprefix("v") for version in versions}
    headings = list(_HEADING.finditer(text))
    ends = [heading.start() for heading in headings[1:]] + [len(text)]
    return "\n\n".join(
        text[heading.start() : end].strip()
        for heading, end in zip(headings, ends, strict=True)
        if heading[1] in wanted
    )


def actions(text: str) -> list[str]:
    """Return the entries that require an action in services, each on one line."""
    entries = re.split(r"^(?=[-*] )|\n\s*\n|^(?=#)", text, flags=re.MULTILINE)
    return [" ".join(entry.split()).lstrip("-* ") for entry in entries if ACTION in entry]
