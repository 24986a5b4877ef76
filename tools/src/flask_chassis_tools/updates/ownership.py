"""Reads the owners of files from `template-ownership.toml`. The template's hook imports this."""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from .faults import UpdateError

FILE = "template-ownership.toml"

TEMPLATE, SEEDED, SHARED = CLASSES = ("template", "seeded", "shared")

WILDCARDS = 4
"""The maximum number of wildcards in a pattern: matching takes longer with each."""

Lists = Mapping[str, Sequence[str]]


class OwnershipError(UpdateError):
    """The file with the owners is not valid."""


def read(text: str | bytes) -> Lists:
    """Return the lists of patterns, one for each class; OwnershipError names what is wrong."""
    try:
        found = tomllib.loads(text.decode() if isinstance(text, bytes) else text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise OwnershipError(f"{FILE} cannot be read: {error}") from None
    if set(found) != set(CLASSES):
        wrong = ", ".join(sorted({*found} ^ {*CLASSES}))
        raise OwnershipError(
            f"{FILE} must have exactly the lists {', '.join(CLASSES)}. Unknown or missing: {wrong}."
        )
    for label, patterns in found.items():
        if not isinstance(patterns, list):
            raise OwnershipError(f"{FILE}: {label} must be a list of patterns.")
        for pattern in patterns:
            if fault := _fault(pattern):
                raise OwnershipError(f"{FILE}: the pattern {pattern!r} in {label} {fault}.")
    return found


def owner(lists: Lists, name: str) -> str | None:
    """Return the class of a file; the last list with a matching pattern decides."""
    found = None
    for label, patterns in lists.items():
        if any(_pattern(pattern).fullmatch(name) for pattern in patterns):
            found = label
    return found


@dataclass(frozen=True)
class Owners:
    """The lists of two renders and of the service: what the service changed in its list counts."""

    old: Lists
    new: Lists
    ours: Lists | None

    def of(self, name: str, place: str, *, is_new: bool, is_here: bool) -> str | None:
        """Return the class of a rendered file.

        `place` is where the service has it, `is_new` says whether the new render has the file, and
        `is_here` whether the service has it under its own name.
        """
        theirs = owner(self.new if is_new else self.old, name)
        if self.ours is None:
            return theirs
        if not is_here:
            # The list of a service has the new name of a moved file, and may lack a deleted one.
            return SEEDED if SEEDED in (theirs, self._mine(name), self._mine(place)) else theirs
        return self._mine(name) or theirs

    def is_kept_out(self, name: str, place: str) -> bool:
        """Return whether the service, not the template, says that a file is the service's own."""
        is_mine = SEEDED in (self._mine(name), self._mine(place))
        return is_mine and owner(self.new, name) != SEEDED

    def _mine(self, name: str) -> str | None:
        """Return the class that the service gave a file; None if its list is as it was rendered."""
        mine = None if self.ours is None else owner(self.ours, name)
        return None if mine == owner(self.old, name) else mine

    def ineffective(self, names: Iterable[str]) -> list[tuple[str, str, str]]:
        """Return the service's patterns that decide about no file: list, pattern and reason."""
        known = {pair for lists in (self.old, self.new) for pair in _pairs(lists)}
        names = sorted(names)
        found = []
        for label, pattern in _pairs(self.ours or {}):
            matching = [name for name in names if _pattern(pattern).fullmatch(name)]
            deciders = {owner(self.ours or {}, name) for name in matching}
            if (label, pattern) not in known and label not in deciders:
                reason = f"a later list decides about {matching[0]}" if matching else ""
                found.append((label, pattern, reason or "no file of the template matches"))
        return found


def _pairs(lists: Lists) -> list[tuple[str, str]]:
    return [(label, pattern) for label, patterns in lists.items() for pattern in patterns]


def _fault(pattern: object) -> str:
    """Return what is wrong with a pattern; empty if nothing."""
    if not isinstance(pattern, str) or not pattern:
        return "must be a text that is not empty"
    if pattern.startswith(("/", "./", "../")) or "\\" in pattern:
        return "must be relative to the service's folder, with / between folders"
    if len(re.findall(r"\*+", pattern)) > WILDCARDS:
        return f"has more than {WILDCARDS} wildcards"
    return ""


@cache
def _pattern(text: str) -> re.Pattern[str]:
    """Translate a pattern: `*` matches within a folder, `**` across folders.

    A pattern that ends with `/` matches everything in the folder.
    """
    parts = re.split(r"(\*\*|\*)", f"{text}**" if text.endswith("/") else text)
    words = {"**": ".*", "*": "[^/]*"}
    return re.compile("".join(words.get(part, re.escape(part)) for part in parts))
