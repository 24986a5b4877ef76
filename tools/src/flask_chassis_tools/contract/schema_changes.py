"""Compares JSON Schemas of two OpenAPI documents, and says which changes break callers.

A schema becomes tighter (fewer values are valid) or looser (more are). What callers send must not
become tighter, what they receive must not become looser. A change that cannot be judged breaks.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask_chassis.http.text import TEXT

from flask_chassis_tools.contract.schema_forms import (
    ANNOTATIONS,
    Schema,
    Variants,
    name_of,
)

LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
CONSTRAINTS = ("pattern", "format", "multipleOf", "uniqueItems", "propertyNames")
"""Keywords that allow fewer values; two values of one cannot be compared."""

JUDGED = {
    *LOWER,
    *UPPER,
    *CONSTRAINTS,
    *("type", "enum", "const", "default", "properties", "required", "additionalProperties"),
    "items",
}


@dataclass(frozen=True, slots=True)
class Change:
    """A difference between two documents. `place` is for example `GET /api/bills/: answer 200`."""

    is_breaking: bool
    place: str
    text: str

    def __str__(self) -> str:
        """Return the change as a line."""
        return f"{self.place}: {self.text}"


class SchemaComparison:
    """Compares the schemas of what callers send, or of what they receive."""

    def __init__(self, old: Variants, new: Variants, *, is_sent: bool) -> None:
        """`old` and `new` read the schemas of each document."""
        self._old = old
        self._new = new
        self._is_sent = is_sent
        self._open: set[tuple[str, str]] = set()

    def changes(self, old: Any, new: Any, place: str) -> Iterator[Change]:
        """Yield the changes of a schema, and of the schemas in it."""
        references = name_of(old), name_of(new)
        if references in self._open:  # a schema that contains itself
            return
        if all(references):
            self._open.add(references)
        try:
            yield from self._changes(self._old.of(old), self._new.of(new), place)
        finally:
            self._open.discard(references)

    def _changes(
        self, old: dict[str, list[Schema]], new: dict[str, list[Schema]], place: str
    ) -> Iterator[Change]:
        if old.keys() - new.keys() == {"integer"} and new.keys() - old.keys() == {"number"}:
            yield self._looser(place, "integer becomes number")
            old = {"number" if kind == "integer" else kind: each for kind, each in old.items()}
        elif old.keys() - new.keys() == {"number"} and new.keys() - old.keys() == {"integer"}:
            yield self._tighter(place, "number becomes integer")
            old = {"integer" if kind == "number" else kind: each for kind, each in old.items()}
        for kind in sorted({*old, *new}):
            before, after = old.get(kind, []), new.get(kind, [])
            if not after:
                yield self._tighter(place, f"{_called(kind)} is no longer valid")
            elif not before:
                yield self._looser(place, f"{_called(kind)} is valid, too")
            elif len(before) == len(after) == 1:
                yield from self._of_one(before[0], after[0], place)
            else:
                yield from self._of_several(before, after, place)

    def _of_several(self, old: list[Schema], new: list[Schema], place: str) -> Iterator[Change]:
        """Compare alternatives of one type, which their names or their order tell apart."""
        before, after = _by_name(old), _by_name(new)
        for name in before.keys() | after.keys():
            if name not in after:
                yield self._tighter(place, f"the alternative {name} is removed")
            elif name not in before:
                yield self._looser(place, f"the alternative {name} is added")
            else:
                yield from self._of_one(before[name], after[name], place)

    def _of_one(self, old: Schema, new: Schema, place: str) -> Iterator[Change]:
        yield from self._values(old, new, place)
        yield from self._limits(old, new, place)
        yield from self._properties(old, new, place)
        yield from self._others(old, new, place)
        for keyword in sorted({*old, *new} - JUDGED - ANNOTATIONS):
            if old.get(keyword) != new.get(keyword) and not keyword.startswith("x-"):
                yield Change(True, place, f"`{keyword}` changes, which cannot be judged")

    def _values(self, old: Schema, new: Schema, place: str) -> Iterator[Change]:
        """Compare enums and constants."""
        before, after = _allowed(old), _allowed(new)
        if before is None and after is not None:
            yield self._tighter(place, f"only {_listed(after)} remain valid")
        elif before is not None and after is None:
            yield self._looser(place, f"other values than {_listed(before)} are valid")
        elif before is not None and after is not None:
            if removed := [each for each in before if each not in after]:
                yield self._tighter(place, f"the value {_listed(removed)} is removed")
            if added := [each for each in after if each not in before]:
                yield self._looser(place, f"the value {_listed(added)} is added")
        if self._is_sent and "default" in old and old["default"] != new.get("default"):
            change = f"from {old['default']!r} to {new.get('default')!r}"
            yield Change(True, place, f"the default changes {change}")

    def _limits(self, old: Schema, new: Schema, place: str) -> Iterator[Change]:
        for keyword in (*LOWER, *UPPER):
            before, after = old.get(keyword), new.get(keyword)
            if before == after:
                continue
            text = f"`{keyword}` changes from {_or_none(before)} to {_or_none(after)}"
            if isinstance(before, bool) or isinstance(after, bool):  # of OpenAPI 3.0
                yield Change(True, place, f"{text}, which cannot be judged")
            elif before is None or (after is not None and (after > before) == (keyword in LOWER)):
                yield self._tighter(place, text)
            else:
                yield self._looser(place, text)

    def _properties(self, old: Schema, new: Schema, place: str) -> Iterator[Change]:
        before, after = old.get("properties", {}), new.get("properties", {})
        needed_before, needed_after = set(old.get("required", ())), set(new.get("required", ()))
        for name in sorted({*before, *after}):
            where = f"{place}.{name}"
            if name not in after:
                yield Change(True, where, "the property is removed")
            elif name not in before:
                is_breaking = self._is_sent and name in needed_after
                what = "a required property" if is_breaking else "a property"
                yield Change(is_breaking, where, f"{what} is added")
            else:
                if name in needed_after - needed_before:
                    yield self._tighter(where, "the property becomes required")
                elif name in needed_before - needed_after:
                    yield self._looser(where, "the property may be missing")
                yield from self.changes(before[name], after[name], where)
        old_rest, new_rest = (each.get("additionalProperties", True) for each in (old, new))
        if isinstance(old_rest, dict) and isinstance(new_rest, dict):
            yield from self.changes(old_rest, new_rest, f"{place}.*")
        elif old_rest != new_rest and self._is_sent:
            # Callers ignore properties that they do not know in what they receive.
            if old_rest is False or new_rest is True:
                yield self._looser(place, "other properties are valid, too")
            else:
                yield self._tighter(place, "other properties are restricted")

    def _others(self, old: Schema, new: Schema, place: str) -> Iterator[Change]:
        for keyword in CONSTRAINTS:
            before, after = _constraint(old, keyword), _constraint(new, keyword)
            if before == after:
                continue
            if before is None:
                yield self._tighter(place, f"`{keyword}` {after} is added")
            elif after is None:
                yield self._looser(place, f"`{keyword}` {before} is removed")
            else:
                yield Change(True, place, f"`{keyword}` changes from {before} to {after}")
        if "items" in old or "items" in new:
            yield from self.changes(old.get("items", {}), new.get("items", {}), f"{place}[]")

    def _tighter(self, place: str, text: str) -> Change:
        return Change(self._is_sent, place, text)

    def _looser(self, place: str, text: str) -> Change:
        return Change(not self._is_sent, place, text)


def _by_name(schemas: list[Schema]) -> dict[str, Schema]:
    return {
        str(schema.get("title") or schema.get("format") or number): schema
        for number, schema in enumerate(schemas, start=1)
    }


def _allowed(schema: Schema) -> list[Any] | None:
    if "const" in schema:
        return [schema["const"]]
    found: list[Any] | None = schema.get("enum")
    return found


def _constraint(schema: Schema, keyword: str) -> Any:
    """Return the value of a keyword, or None if it excludes nothing that callers send.

    The chassis gives every text a pattern: PostgreSQL stores none with a NUL.
    """
    value = schema.get(keyword) or None
    return None if keyword == "pattern" and value == TEXT else value


def _called(kind: str) -> str:
    return "any value" if kind == "any" else kind


def _listed(values: list[Any]) -> str:
    return ", ".join(str(value) for value in values)


def _or_none(value: Any) -> str:
    return "none" if value is None else str(value)
