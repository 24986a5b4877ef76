"""Has Pydantic take JSON at its word: no text becomes a number, no number becomes a time.

Pydantic's strict mode would do, had it no trap: after a validator of mode `before`, it refuses the
text of a date, of a UUID, of an enum.
"""

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

from pydantic_core import CoreSchema, PydanticCustomError, PydanticKnownError, core_schema
from pydantic_core.core_schema import ErrorType

from flask_chassis.http import decimals

STRICT_TYPES = {"int", "float", "bool", "str"}
TIMES: dict[str, tuple[type, str]] = {
    "date": (date, "date_type"),
    "datetime": (datetime, "datetime_type"),
    "time": (time, "time_type"),
    "timedelta": (timedelta, "time_delta_type"),
}
"""Types of times, and the type of the error for any other value."""

# Pydantic reads "1700000000" as a date or a time as well, "2026-12-31T00:00" as a date,
# "2026-12-31_00:00" as a time of a day, and "1 day" as a duration.
DATE = r"\d{4}-\d{2}-\d{2}"
TIME = r"\d{2}:\d{2}(:\d{2}([.,]\d+)?)?([Zz]|[+-]\d{2}:?\d{2})?"
FORMATS: dict[type, re.Pattern[str]] = {
    date: re.compile(DATE, re.ASCII),
    datetime: re.compile(f"{DATE}([Tt ]{TIME})?", re.ASCII),
    time: re.compile(TIME, re.ASCII),
    timedelta: re.compile(r"[+-]?P[\dYMWDTHS.,]+", re.ASCII),
}

# What forms and query strings have. Pydantic also reads "yes" and "on", "1_000", "+1", "01" and
# digits of other scripts; the document does not say so.
TEXTS: dict[str, tuple[re.Pattern[str], ErrorType]] = {
    "bool": (re.compile("true|false"), "bool_parsing"),
    "int": (re.compile("0|-?[1-9][0-9]*"), "int_parsing"),
    "float": (re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?"), "float_parsing"),
}
"""By Pydantic's type, and the type of the error for any other text."""

PATTERN = "flask_chassis_pattern"
"""In the metadata of a text's schema: the pattern that it must match, and what is said if not."""

# The keys of JSON objects are texts, whatever they mean.
KEPT = {"keys_schema", "metadata", "serialization", "config"}


def strict(schema: CoreSchema) -> CoreSchema:
    """Return a core schema that converts nothing that JSON has a type for.

    `validate(..., strict=False)` still converts, for forms.
    """
    made: CoreSchema = _strict(schema)
    return made


def _strict(node: Any) -> Any:
    if isinstance(node, list):
        return [_strict(each) for each in node]
    if not isinstance(node, dict):
        return node
    made: Any = {name: each if name in KEPT else _strict(each) for name, each in node.items()}
    # A model may have a field of the name `type`.
    kind = node.get("type")
    if not isinstance(kind, str):
        return made
    if kind in STRICT_TYPES:
        made.setdefault("strict", True)
    if kind == "str" and PATTERN in node.get("metadata", {}):
        pattern, sentence = node["metadata"][PATTERN]
        return core_schema.no_info_before_validator_function(_matching(pattern, sentence), made)
    if kind in TEXTS:
        made = core_schema.no_info_before_validator_function(_as_documented(*TEXTS[kind]), made)
    if kind == "float":
        return core_schema.no_info_after_validator_function(_without_sign_of_zero, made)
    if kind == "decimal":
        return decimals.exact(made)
    if kind in TIMES:
        check = _written_out(*TIMES[kind])
        return core_schema.no_info_before_validator_function(check, made)
    return made


def _as_documented(written: re.Pattern[str], error: ErrorType) -> Callable[[object], object]:
    """Return a validator that refuses texts that the document does not describe."""

    def check(value: object) -> object:
        if isinstance(value, str) and not written.fullmatch(value):
            raise PydanticKnownError(error)
        return value

    return check


def _matching(pattern: str, sentence: str) -> Callable[[object], object]:
    """Return a validator that refuses texts, with a sentence, that do not match a pattern."""
    compiled = re.compile(pattern)

    def check(value: object) -> object:
        if isinstance(value, str) and not compiled.fullmatch(value):
            raise PydanticCustomError("pattern", "{sentence}", {"sentence": sentence})
        return value

    return check


def _without_sign_of_zero(value: float) -> float:
    """Return a number as PostgreSQL stores it."""
    return value + 0.0


def _written_out(kind: type, error: Any) -> Callable[[object], object]:
    """Return a validator that refuses times that are written in another way."""
    written = FORMATS[kind]

    def check(value: object) -> object:
        if isinstance(value, kind):
            return value
        if not isinstance(value, str) or not written.fullmatch(value):
            raise PydanticKnownError(error)
        return value

    return check
