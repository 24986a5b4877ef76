"""Reads the fields of a resource: `number:str:20:unique`, `status:enum:draft,sent,paid`."""

import re
from dataclasses import dataclass

from . import words
from .faults import ResourceError
from .field_types import TYPES, FieldType

LONGEST_STR = 500
USUAL_STR = 200
LONGEST_CHOICE = 40
LONGEST_ENUM = 74
"""Of a field's name and its enum's together, so that their line has at most 100 characters."""

MODIFIERS = ("unique", "optional", "search", "filter", "sort")

HINT = "Write name:type[:modifier…], such as number:str:20:unique or status:enum:draft,sent,paid"


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a resource, or of its children."""

    name: str
    kind: str
    owner: str
    """The class that has the field, for the name of its enum."""

    length: int = USUAL_STR
    choices: tuple[str, ...] = ()
    modifiers: frozenset[str] = frozenset()

    @property
    def type(self) -> FieldType:
        """Its type."""
        return TYPES[self.kind]

    @property
    def enum(self) -> str:
        """The name of its enum's class."""
        return self.owner + words.class_name(self.name)

    @property
    def members(self) -> list[tuple[str, str]]:
        """The names and values of its enum."""
        return [(_member(value), value) for value in self.choices]

    @property
    def label(self) -> str:
        """Its name in sentences, with a capital."""
        return words.words_of(self.name).capitalize()

    @property
    def is_optional(self) -> bool:
        """Whether it can be null."""
        return "optional" in self.modifiers

    @property
    def is_unique(self) -> bool:
        """Whether no two rows can have the same value."""
        return "unique" in self.modifiers

    @property
    def is_searched(self) -> bool:
        """Whether lists can be searched for a part of it."""
        return "search" in self.modifiers

    @property
    def is_sorted(self) -> bool:
        """Whether lists can be sorted by it."""
        return "sort" in self.modifiers

    @property
    def is_filtered(self) -> bool:
        """Whether lists can be filtered by it."""
        return "filter" in self.modifiers or self.type.is_filtered

    @property
    def filters(self) -> dict[str, str]:
        """The filters of lists, by the suffix of the query parameter."""
        return dict(self.type.filters) if self.is_filtered else {}

    def filled(self, text: str) -> str:
        """Return a text of the type's, with the field's own name, length and enum."""
        return (
            text.replace("{length}", str(self.length))
            .replace("{too_long}", str(self.length + 1))
            .replace("{enum}", self.enum)
            .replace("{name}", self.name)
        )

    @property
    def annotation(self) -> str:
        """The type of the model's attribute."""
        return self.filled(self.type.python) + (" | None" if self.is_optional else "")

    @property
    def column(self) -> str:
        """The arguments of `mapped_column`."""
        unique = ["unique=True"] if self.is_unique else []
        return ", ".join([each for each in (self.filled(self.type.column),) if each] + unique)

    @property
    def stored(self) -> str:
        """The column's type in the migration."""
        return "sa." + self.filled(self.type.stored)

    def value(self, index: int) -> object:
        """Return the first or second valid value, as JSON."""
        if self.kind == "enum":
            return self.choices[index]
        if self.kind == "str":
            return f"{self.label} {index + 1}" if self.length > LONGEST_CHOICE else f"{index + 1}"
        return self.type.values[index]

    @property
    def bad(self) -> list[str]:
        """Invalid values, as Python code."""
        return [self.filled(each) for each in self.type.bad] + (
            [] if self.is_optional else ["None"]
        )


def read(text: str, owner: str, *, is_owned: bool = False, is_child: bool = False) -> Field:
    """Return a field; raises ResourceError."""
    name, _, rest = text.partition(":")
    words.require_field("The field", name, is_owned=is_owned)
    kind, *others = rest.split(":")
    if kind not in TYPES:
        raise ResourceError(
            f"The field {name} has the type {kind!r}. Types are {', '.join(TYPES)}. {HINT}."
        )
    length = USUAL_STR
    choices: tuple[str, ...] = ()
    if kind == "enum":
        choices = _choices(name, others.pop(0) if others else "")
    if kind == "str" and others and others[0].isdecimal():
        length = _length(name, others.pop(0))
    found = Field(name, kind, owner, length, choices, _modifiers(name, kind, others))
    if kind == "enum" and len(name + found.enum) > LONGEST_ENUM:
        raise ResourceError(
            f"The field {name} would have an enum called {found.enum}, too long for a line of "
            "code: use a shorter name."
        )
    if is_child and found.modifiers - {"optional"}:
        refused = ", ".join(sorted(found.modifiers - {"optional"}))
        raise ResourceError(f"The field {name} of a child cannot be {refused}: leave it out.")
    return found


def read_all(
    texts: list[str], owner: str, *, is_owned: bool = False, is_child: bool = False
) -> tuple[Field, ...]:
    """Return fields with different names; raises ResourceError."""
    found = tuple(read(each, owner, is_owned=is_owned, is_child=is_child) for each in texts)
    names = [each.name for each in found]
    for name in names:
        if names.count(name) > 1:
            raise ResourceError(f"The field {name} is given twice: rename or remove one.")
    return found


def _modifiers(name: str, kind: str, others: list[str]) -> frozenset[str]:
    for each in others:
        if each not in MODIFIERS:
            raise ResourceError(
                f"The field {name} has the modifier {each!r}. Modifiers are "
                f"{', '.join(MODIFIERS)}. {HINT}."
            )
        if each != "optional" and each not in TYPES[kind].modifiers:
            can = sorted(TYPES[kind].modifiers | {"optional"})
            raise ResourceError(
                f"The field {name} cannot be {each}: fields of the type {kind} can be "
                f"{', '.join(can)}."
            )
    if {"optional", "sort"} <= {*others}:
        raise ResourceError(
            f"The field {name} cannot be both optional and sort: a list is sorted by fields that "
            "all have."
        )
    return frozenset(others)


def _length(name: str, text: str) -> int:
    length = int(text)
    if not 1 <= length <= LONGEST_STR:
        raise ResourceError(
            f"The field {name} has the length {text}: a str has 1 to {LONGEST_STR} characters. "
            "Use the type text for more."
        )
    return length


def _choices(name: str, text: str) -> tuple[str, ...]:
    choices = tuple(text.split(","))
    for each in choices:
        if len(each) > LONGEST_CHOICE or not re.fullmatch(r"[a-z][a-z0-9]*([_-][a-z0-9]+)*", each):
            raise ResourceError(
                f"The field {name} has the choice {each!r}. Write an enum as "
                f"{name}:enum:draft,sent,paid, in lower-case letters, digits, - and _."
            )
    if len(choices) < 2 or len({_member(each) for each in choices}) < len(choices):
        raise ResourceError(f"The field {name} needs at least two different choices.")
    return choices


def _member(value: str) -> str:
    return value.replace("-", "_").upper()
