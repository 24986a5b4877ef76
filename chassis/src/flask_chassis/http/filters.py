"""Filters of a list: what a query parameter compares with a column.

filters={
"status": equals(Invoice.status),
"due_before": before(Invoice.due),
"customer": contains(Invoice.customer),
}
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, String, type_coerce
from sqlalchemy.orm import QueryableAttribute

from flask_chassis.exceptions import ConfigurationError
from flask_chassis.http import column_types

Column = QueryableAttribute[Any] | ColumnElement[Any]
"""A model's attribute, or an expression such as `func.lower(Invoice.customer)`."""

LONGEST_SEARCH = 200
"""In characters."""

LITERALLY = "***="
"""Begins a regular expression of PostgreSQL whose rest stands for itself."""


@dataclass(frozen=True, slots=True, eq=False)
class Filter:
    """A query parameter of a list."""

    type: Any
    """Of the parameter's value, for Pydantic."""

    description: str
    condition: Callable[[Any], ColumnElement[bool]]
    """Makes the condition for a value."""

    is_search: bool = False
    """Whether no index on the column serves it; then the statement has a time limit of its own."""


def equals(column: Column) -> Filter:
    """Return a filter for the rows whose column has the value.

    A parameter without a value, `?customer=`, is the empty text, and finds the rows that have it.
    """
    return _compared(column, "equal to this", column.__eq__)


def before(column: Column) -> Filter:
    """Return a filter for the rows whose column is less than the value: earlier, smaller."""
    return _compared(column, "before this", column.__lt__)


def after(column: Column) -> Filter:
    """Return a filter for the rows whose column is greater than the value: later, larger."""
    return _compared(column, "after this", column.__gt__)


def at_most(column: Column) -> Filter:
    """Return a filter for the rows whose column is the value or less."""
    return _compared(column, "at most this", column.__le__)


def at_least(column: Column) -> Filter:
    """Return a filter for the rows whose column is the value or more."""
    return _compared(column, "at least this", column.__ge__)


def contains(column: Column) -> Filter:
    r"""Return a filter for the rows whose text has the value in it, in upper or lower case.

    The value is taken literally: `%`, `_` and `\` stand for themselves. An empty text is in every
    text: it finds all rows. An index with the operator class `gin_trgm_ops` of the extension
    `pg_trgm` serves it. It is a regular expression, which PostgreSQL matches in one pass: LIKE
    compares each character of the text with the whole value if they are alike, 200 times as long
    in the worst case.
    """
    if not isinstance(column.type, String):
        raise ConfigurationError(
            f"`contains` needs a column with texts, and {column} has the type {column.type!r}: use "
            "`equals`, or `contains(cast(column, Text))`."
        )

    def condition(value: str) -> ColumnElement[bool]:
        found: ColumnElement[bool] = type_coerce(column, String).regexp_match(
            LITERALLY + value, flags="i"
        )
        return found

    return Filter(
        column_types.text_up_to(LONGEST_SEARCH),
        f"Return those whose {_name(column)} has this text in it, in upper or lower case",
        condition,
        is_search=True,
    )


def _compared(
    column: Column, relation: str, condition: Callable[[Any], ColumnElement[bool]]
) -> Filter:
    try:
        value_type = column_types.parameter_type(column.type)
    except column_types.UnsupportedTypeError:
        raise ConfigurationError(
            f"A query parameter cannot have the values of {column}, of the type {column.type!r}: "
            "filter by another column, or by an expression: `equals(cast(column, String(100)))`."
        ) from None
    return Filter(value_type, f"Return those whose {_name(column)} is {relation}", condition)


def _name(column: Column) -> str:
    name = getattr(column, "key", None) or "value"
    return str(name).replace("_", " ")
