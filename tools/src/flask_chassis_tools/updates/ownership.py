"""Reads the owners of files from `template-ownership.toml`. The template's hook imports this."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache

FILE = "template-ownership.toml"

TEMPLATE, SEEDED, SHARED = CLASSES = ("template", "seeded", "shared")

Lists = Mapping[str, Sequence[str]]


class OwnershipError(ValueError):
    """The file with the owners is not valid."""


def read(text: str | bytes) -> Lists:
    """Read the lists of patterns, one for each class."""
    try:
        found = tomllib.loads(text.decode() if isinstance(text, bytes) else text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise OwnershipError(f"{FILE} cannot be read: {error}") from None
    if set(found) != set(CLASSES):
        raise OwnershipError(f"{FILE} must have exactly the lists {', '.join(CLASSES)}.")
    return found


def owner(lists: Lists, name: str) -> str | None:
    """Return the class of a file; the last matching pattern decides."""
    found = None
    for label, patterns in lists.items():
        if any(_pattern(pattern).fullmatch(name) for pattern in patterns):
            found = label
    return found


@cache
def _pattern(text: str) -> re.Pattern[str]:
    """Translate a pattern: `*` matches within a folder, `**` across folders."""
    parts = re.split(r"(\*\*|\*)", text)
    words = {"**": ".*", "*": "[^/]*"}
    return re.compile("".join(words.get(part, re.escape(part)) for part in parts))
