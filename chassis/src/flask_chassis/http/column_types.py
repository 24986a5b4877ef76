"""Which values a query parameter may have for a column: the Pydantic type of an SQLAlchemy type."""

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import (
    BeforeValidator,
    Field,
    NaiveDatetime,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError
from sqlalchemy import BigInteger, Enum, Integer, Numeric, SmallInteger, String
from sqlalchemy.types import TypeEngine

from flask_chassis.http.field_types import UtcDatetime
from flask_chassis.http.text import TEXT

LONGEST_TEXT = 200
"""Of a parameter for a text without a declared length, in characters."""

MOST_DIGITS = 100
"""Of a parameter for a decimal number without a declared precision."""

WRITTEN_AS_TEXT = {bool, bytes, date, datetime, Decimal, float, int, str, time, timedelta, UUID}

WHOLE_NUMBER = re.compile("0|-?[1-9][0-9]{0,18}")


class UnsupportedTypeError(TypeError):
    """A column has a type whose values cannot be written as a parameter or in a cursor."""


def parameter_type(column_type: TypeEngine[Any]) -> Any:
    """Return the type of a query parameter that is compared with a column of a type.

    Raises UnsupportedTypeError if the column's values cannot be written in an address.
    """
    found = python_type(column_type)
    if found is int:
        bits = 16 if isinstance(column_type, SmallInteger) else 32
        is_integer = isinstance(column_type, Integer) and not isinstance(column_type, BigInteger)
        limit = 2 ** ((bits if is_integer else 64) - 1)
        return whole_number(-limit, limit - 1)
    if found is str:
        return text_up_to(_length(column_type) or LONGEST_TEXT)
    if found is Decimal:
        precision = column_type.precision if isinstance(column_type, Numeric) else None
        return Annotated[Decimal, Field(max_digits=precision or MOST_DIGITS, allow_inf_nan=False)]
    if found is float:
        return Annotated[float, Field(allow_inf_nan=False)]
    if found is datetime:
        return UtcDatetime if getattr(column_type, "timezone", False) else NaiveDatetime
    if found is bytes:
        raise UnsupportedTypeError(column_type)
    return found


def python_type(column_type: TypeEngine[Any]) -> Any:
    """Return the type of a column's values in Python.

    Raises UnsupportedTypeError unless its values have exactly one form as text.
    """
    if isinstance(column_type, Enum):
        return column_type.enum_class or Literal[tuple(column_type.enums)]
    try:
        found = column_type.python_type
    except NotImplementedError:  # of SQLAlchemy, for a type without one
        raise UnsupportedTypeError(column_type) from None
    if found not in WRITTEN_AS_TEXT:
        raise UnsupportedTypeError(column_type)
    return found


def whole_number(least: int, most: int) -> Any:
    """Return the type of a parameter that is a whole number in a range, as digits."""

    def check(value: object) -> object:
        if isinstance(value, str):
            value = int(value) if WHOLE_NUMBER.fullmatch(value) else None
        if type(value) is int and least <= value <= most:
            return value
        raise PydanticCustomError("whole_number", f"Must be a whole number from {least} to {most}.")

    schema = {"type": "integer", "minimum": least, "maximum": most}
    return Annotated[int, BeforeValidator(check), WithJsonSchema(schema)]


def text_up_to(length: int) -> Any:
    """Return the type of a parameter that is a text of at most so many characters."""
    return Annotated[str, Field(max_length=length, pattern=TEXT)]


def _length(column_type: TypeEngine[Any]) -> int | None:
    return column_type.length if isinstance(column_type, String) else None
