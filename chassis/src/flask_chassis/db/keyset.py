"""Keyset pagination: the order of a list, and the condition for the rows after a position.

A position is the sort values of a row. PostgreSQL finds it in an index on the order's columns, so
every page costs the same, and rows that come or go in between shift nothing. The library
sqlakeyset does this too, but loses the rows whose sort column is NULL.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Float,
    Label,
    Numeric,
    TypeDecorator,
    UnaryExpression,
    and_,
    cast,
    literal,
    tuple_,
    type_coerce,
)
from sqlalchemy.types import TypeEngine

Position = Sequence[Any]
"""The sort values of a row, one for each key of an order."""


@dataclass(frozen=True, slots=True, eq=False)
class Key:
    """One of the expressions that a list is ordered by."""

    expression: ColumnElement[Any]
    is_nullable: bool

    @property
    def type(self) -> TypeEngine[Any]:
        """The type whose values say exactly what is stored: a float would round a numeric."""
        found = self.expression.type
        if isinstance(found, TypeDecorator):
            found = found.impl_instance
        if isinstance(found, Float):
            return Float()
        return Numeric() if isinstance(found, Numeric) else found

    def bound(self, value: object) -> ColumnElement[Any]:
        """Return a value of a position to compare with."""
        sent = literal(value, self.type)
        # As a double, 0.1 is not the 0.1 of a `real` column.
        return cast(sent, self.expression.type) if isinstance(self.type, Float) else sent


@dataclass(frozen=True, slots=True, eq=False)
class Order:
    """An order of rows: by a key and then, among equals, by the primary key, all in one direction.

    With one direction an index on the columns serves it, read forwards or backwards. NULL comes
    last, in descending order first, as in such an index.
    """

    name: str
    """As callers write it: `due`, or `-due` for descending."""

    keys: tuple[Key, ...]
    """Their values together are unique. Only the first may be NULL."""

    is_descending: bool

    def by(self) -> list[UnaryExpression[Any]]:
        """Return the expressions for ORDER BY."""
        keys = [key.expression for key in self.keys]
        return [key.desc() if self.is_descending else key.asc() for key in keys]

    def selected(self) -> list[Label[Any]]:
        """Return the expressions to select, for the position of each row."""
        return [
            type_coerce(key.expression, key.type).label(f"sort_value_{number}")
            for number, key in enumerate(self.keys)
        ]

    def parts_after(self, position: Position | None) -> list[ColumnElement[bool] | None]:
        """Return the conditions for the rows after a position; None is the start of the list.

        Each is one range of an index, and the list goes on with the next part where one ends. One
        condition for both, with OR, would have PostgreSQL read from the start of the index.
        """
        if position is None:
            return [None]
        first, *ties = self.keys
        if position[0] is None:
            in_nulls = and_(first.expression.is_(None), self._beyond(ties, position[1:]))
            return [in_nulls, first.expression.is_not(None)] if self.is_descending else [in_nulls]
        beyond = self._beyond(self.keys, position)
        if first.is_nullable and not self.is_descending:
            return [beyond, first.expression.is_(None)]
        return [beyond]

    def _beyond(self, keys: Sequence[Key], values: Position) -> ColumnElement[bool]:
        row = tuple_(*(key.expression for key in keys))
        bound = tuple_(*(key.bound(value) for key, value in zip(keys, values, strict=True)))
        return row < bound if self.is_descending else row > bound
