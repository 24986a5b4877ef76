"""Says in sentences what Pydantic finds wrong, by place, without repeating a value."""

from collections.abc import Iterable
from typing import Any, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_core.core_schema import ErrorType

from flask_chassis.http.text import NOT_TEXT, TEXT

MOST_ERRORS = 100
"""Of so many errors at most a response tells; a list of 10,000 items can have as many."""

LONGEST_STEP = 50

NOT_VALID = "Is not valid."

SENTENCES = {
    "missing": "Is required.",
    "extra_forbidden": "Is not a known field.",
    "none_required": "Must be null.",
    "string_type": "Must be of type string.",
    "string_unicode": NOT_TEXT,
    "string_too_short": "Must have at least {min_length} character(s).",
    "string_too_long": "Must have at most {max_length} characters.",
    "string_pattern_mismatch": "Must match {pattern}.",
    "int_type": "Must be of type integer.",
    "int_parsing": "Must be of type integer.",
    "int_parsing_size": "Must be of type integer.",
    "int_from_float": "Must be of type integer.",
    "float_type": "Must be of type number.",
    "float_parsing": "Must be of type number.",
    "decimal_type": "Must be a decimal number, such as 12.50.",
    "decimal_parsing": "Must be a decimal number, such as 12.50.",
    "decimal_max_digits": "Must have at most {max_digits} digits.",
    "decimal_max_places": "Must have at most {decimal_places} decimal places.",
    "decimal_whole_digits": "Must have at most {whole_digits} digits before the decimal point.",
    "finite_number": "Must be a finite number.",
    "greater_than": "Must be greater than {gt}.",
    "greater_than_equal": "Must be at least {ge}.",
    "less_than": "Must be less than {lt}.",
    "less_than_equal": "Must be at most {le}.",
    "multiple_of": "Must be a multiple of {multiple_of}.",
    "bool_type": "Must be true or false.",
    "bool_parsing": "Must be true or false.",
    "list_type": "Must be of type array.",
    "tuple_type": "Must be of type array.",
    "set_type": "Must be of type array.",
    "frozen_set_type": "Must be of type array.",
    "set_item_not_hashable": NOT_VALID,
    "dict_type": "Must be of type object.",
    "mapping_type": "Must be of type object.",
    "model_type": "Must be of type object.",
    "model_attributes_type": "Must be of type object.",
    "dataclass_type": "Must be of type object.",
    "too_short": "Must have at least {min_length} item(s).",
    "too_long": "Must have at most {max_length} items.",
    "enum": "Must be one of {expected}.",
    "literal_error": "Must be one of {expected}.",
    "union_tag_invalid": "Must have {discriminator} as one of {expected_tags}.",
    "union_tag_not_found": "Must have {discriminator}.",
    "date_past": "Must be in the past.",
    "date_future": "Must be in the future.",
    "datetime_past": "Must be in the past.",
    "datetime_future": "Must be in the future.",
    "timezone_aware": "Must have an offset, as 2026-12-31T23:59:59Z has.",
    "timezone_naive": "Must have no offset.",
}
"""By Pydantic's type of error; what is in braces is limits of the schema, never a value."""

FAMILIES = {
    "date_": "Must be a date, such as 2026-12-31.",
    "datetime_": "Must be a date with a time, such as 2026-12-31T23:59:59Z.",
    "time_delta_": "Must be a duration, such as P1DT12H.",
    "time_": "Must be a time, such as 23:59:59.",
    "uuid_": "Must be a UUID.",
    "url_": "Must be a URL.",
    "bytes_": "Must be of type string.",
}
"""By the beginning of the type of error."""

BUILT_IN = frozenset(get_args(ErrorType))


def errors_of(error: ValidationError) -> dict[str, str]:
    """Return what is wrong by place: `{"items.0.unit_price": "Must be at most 100."}`."""
    # What was sent may be long or secret.
    found = error.errors(include_url=False, include_input=False)
    return {place_of(each["loc"]): _sentence(each) for each in found[:MOST_ERRORS]}


def place_of(steps: Iterable[str | int]) -> str:
    """Return a place in a body; the body itself is `body`."""
    return ".".join(_step(step) for step in steps if step != "[key]") or "body"


def _step(step: str | int) -> str:
    """Return a step towards a place; the names of fields that are not known can be anything."""
    name = str(step)[:LONGEST_STEP] or '""'
    return "".join(letter if letter.isprintable() else "?" for letter in name)


def _sentence(error: ErrorDetails) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind == "value_error":
        # What a validator of the service raises, with the sentence that it chose.
        return str(context["error"]) or NOT_VALID
    if kind == "string_pattern_mismatch" and context["pattern"] == TEXT:
        return NOT_TEXT
    if kind in SENTENCES:
        return SENTENCES[kind].format(**{name: _limit(each) for name, each in context.items()})
    if kind not in BUILT_IN:
        return error["msg"]
    return next((said for start, said in FAMILIES.items() if kind.startswith(start)), NOT_VALID)


def _limit(limit: Any) -> str:
    """Return a limit as text: of `'draft', 'sent' or 'paid'`, the choices with commas only."""
    return ", ".join(str(limit).rsplit(" or ", 1)).replace("'", "")
