"""Types for the fields of schemas: texts, money, currencies, times, addresses."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, TypeVar

import iso4217
import pydantic
from pydantic import (
    AfterValidator,
    AwareDatetime,
    GetCoreSchemaHandler,
    PlainSerializer,
    TypeAdapter,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
)
from pydantic_core import CoreSchema, PydanticCustomError

from flask_chassis.http.decimals import as_text
from flask_chassis.http.strictness import PATTERN

T = TypeVar("T")

CURRENCIES = frozenset(
    each.code for each in iso4217.Currency if each.exponent is not None and each.code
)
"""The codes of ISO 4217 that amounts have: without metals, bonds and the code for tests."""

LONGEST_URL = 2083


def _currency(code: str) -> str:
    if code not in CURRENCIES:
        raise PydanticCustomError("currency", "Must be an ISO 4217 currency code, such as EUR.")
    return code


def _utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise PydanticCustomError("utc", "Must be in the years 1 to 9999 in UTC.") from None


def _http_url(value: object, handler: ValidatorFunctionWrapHandler) -> str:
    sent = handler(value)
    if not _ABSOLUTE_URL.fullmatch(sent):
        raise PydanticCustomError("http_url", "Must be an http or https URL.")
    try:
        normal = str(_URL.validate_python(sent))
    except ValidationError:
        raise PydanticCustomError("http_url", "Must be an http or https URL.") from None
    # What is stored has to fit as well: `é` becomes `%C3%A9`.
    made: str = handler(normal)
    return made


# A function of our own: Pydantic reads signatures, and those of built-in methods differ between
# versions of Python.
def _time_as_text(value: datetime) -> str:
    return value.isoformat()


class _NotNull:
    """Takes `None` from what a type accepts; as a default, it stays."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        schema: Any = handler(source)
        inner: CoreSchema = schema["schema"] if schema["type"] == "nullable" else schema
        return inner


class _Limits:
    """Limits that a schema's own replace: `ShortText = Field(max_length=20)`.

    Pydantic itself lets those of the type replace those of the field.
    """

    def __init__(self, **limits: Any) -> None:
        self._limits = limits

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        schema: Any = handler(source)
        innermost = schema
        while "schema" in innermost:
            innermost = innermost["schema"]
        for name, limit in self._limits.items():
            innermost.setdefault(name, limit)
        made: CoreSchema = schema
        return made


class Pattern:
    """A pattern that a text must match as a whole, and what its error says, in words.

    scope: Annotated[str, Pattern("^[a-z]+( [a-z]+)*$", "Must be words, with a space between.")]

    The document has the pattern: write it for ECMA 262 and for Python, with `^` and `$`.
    """

    def __init__(self, pattern: str, sentence: str) -> None:
        """`sentence` is what is wrong with a text that does not match."""
        self._checked = pattern, sentence

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        schema: Any = handler(source)
        made: CoreSchema = {**schema, "metadata": {**schema.get("metadata", {})}}
        made["metadata"][PATTERN] = self._checked
        return made


_URL = TypeAdapter(pydantic.HttpUrl)

# Without these, Pydantic leaves out line breaks and tabs, and takes `http:a` for `http://a`.
_ABSOLUTE_URL = re.compile(
    r"https?://[^\s\0-\x1f\x7f-\x9f/\\?#][^\s\0-\x1f\x7f-\x9f\\]*", re.IGNORECASE
)

ONE_LINE = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"

ShortText = Annotated[
    str,
    _Limits(min_length=1, max_length=200, strip_whitespace=True),
    Pattern(ONE_LINE, "Must be one line, without control characters."),
]
"""A line of 1 to 200 characters, without space at its ends. `Field(max_length=20)` narrows it."""

Text = Annotated[str, _Limits(min_length=1, max_length=10_000)]
"""1 to 10,000 characters, as they were sent."""

Currency = Annotated[
    str,
    AfterValidator(_currency),
    WithJsonSchema({"type": "string", "enum": sorted(CURRENCIES)}),
]
"""A currency's code of ISO 4217, such as EUR."""

Money = Annotated[
    Decimal,
    _Limits(max_digits=14, decimal_places=2),
    PlainSerializer(as_text, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "decimal"}, mode="serialization"),
]
"""An amount below 10**12 with at most 2 decimal places, for a column `Numeric(14, 2)`.

A number or a text in requests, always a text in responses: a float would not keep it. It has two
decimal places from the start, as the column gives it: `"5"` becomes `5.00`, and `"-0"` `0.00`. For
another scale, write `Annotated[Decimal, Field(max_digits=18, decimal_places=3)]`, with the numbers
of the column.
"""

UtcDatetime = Annotated[
    AwareDatetime,
    AfterValidator(_utc),
    PlainSerializer(_time_as_text, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""A time with its offset, converted to UTC. Without an offset, it is refused.

It has microseconds, as PostgreSQL has: further digits are cut off.
"""

HttpUrl = Annotated[
    str,
    _Limits(max_length=LONGEST_URL),
    WrapValidator(_http_url),
    WithJsonSchema({"type": "string", "format": "uri", "maxLength": LONGEST_URL}),
]
"""An absolute URL with http or https: a text of at most 2083 characters.

It is stored and shown in its normal form, whose length counts as well: `HTTP://Acme.example`
becomes `http://acme.example/`, and `é` in a path `%C3%A9`.
"""

Omittable = Annotated[T | None, _NotNull()]
"""`status: Omittable[Status] = None`: a field of a PATCH that may be left out, but not be null."""
