"""Whose a file is, by `template-ownership.toml`. The template's hook loads this module, too."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache

FILE = "template-ownership.toml"

TEMPLATE, SEEDED, SHARED = CLASSES = ("template", "seeded", "shared")

Lists = Mapping[str, Sequence[str]]


class OwnershipError(ValueError):
    """A list that does not say whose the files are."""


def read(text: str | bytes) -> Lists:
    """Read the lists; each class has one, and there are no others."""
    try:
        found = tomllib.loads(text.decode() if isinstance(text, bytes) else text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise OwnershipError(f"{FILE} cannot be read: {error}") from None
    if set(found) != set(CLASSES):
        raise OwnershipError(f"{FILE} has to have the lists {', '.join(CLASSES)}, and no more.")
    return found


def owner(lists: Lists, name: str) -> str | None:
    """Return the class of a file: the last pattern that means it decides."""
    found = None
    for label, patterns in lists.items():
        if any(_pattern(pattern).fullmatch(name) for pattern in patterns):
            found = label
    return found


@cache
def _pattern(text: str) -> re.Pattern[str]:
    """Translate a pattern: `*` is any text within one folder, `**` any text at all."""
    parts = re.split(r"(\*\*|\*)", text)
    words = {"**": ".*", "*": "[^/]*"}
    return re.compile("".join(words.get(part, re.escape(part)) for part in parts))
