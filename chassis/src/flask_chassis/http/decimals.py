"""Makes a decimal field one value: what is validated is what is stored and shown.

PostgreSQL gives a column's values its number of decimal places: `1` comes back as `1.00`. A field
with `decimal_places` has that form from the start, so that the response to a POST or PATCH shows
what the next GET shows.
"""

import re
from collections.abc import Callable
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal
from math import isfinite
from typing import Any

from pydantic_core import PydanticCustomError, PydanticKnownError, core_schema

EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)
"""Rounds nothing."""

WRITTEN = re.compile(r"-?([0-9]+)(?:\.([0-9]+))?")

DIGITS_OF_A_NUMBER = 15
"""So many digits of a number in JSON are kept by all who read it as a float."""


class RoundedNumber(float):
    """A number of a JSON body that a float does not keep: `0.300000000000000001`, `1e-400`."""

    exact: Decimal


def number(written: str) -> float:
    """Return a number of a JSON body, with what it was if a float does not keep it."""
    rounded = float(written)
    kept = Decimal(written, EXACT)
    if not isfinite(rounded) or Decimal(repr(rounded)) == kept:
        return rounded
    made = RoundedNumber(rounded)
    made.exact = kept
    return made


# A function of our own: Pydantic reads signatures, and those of built-in methods differ between
# versions of Python.
def as_text(value: Decimal) -> str:
    """Return a decimal as digits, without an exponent."""
    return f"{value:f}"


AS_TEXT = core_schema.plain_serializer_function_ser_schema(as_text, when_used="json")


def pattern_of(schema: core_schema.DecimalSchema) -> str:
    """Return the pattern of a decimal's text, with its numbers of digits."""
    before, places = digits_before(schema), schema.get("decimal_places")
    digits = f"[0-9]{{1,{before}}}" if before else "[0-9]+"
    after = "" if places == 0 else rf"(\.[0-9]{{1,{places}}})?" if places else r"(\.[0-9]+)?"
    return rf"^-?{digits}{after}$"


def exact(schema: core_schema.DecimalSchema) -> core_schema.CoreSchema:
    """Return a schema that takes the texts of the pattern, and gives them one form."""
    schema = {**schema}
    schema.setdefault("serialization", AS_TEXT)
    checked = core_schema.no_info_before_validator_function(_written(schema), schema)
    return core_schema.no_info_after_validator_function(
        _in_one_form(schema.get("decimal_places")), checked
    )


def digits_before(schema: core_schema.DecimalSchema) -> int | None:
    """Return how many digits a decimal may have before its point."""
    digits = schema.get("max_digits")
    return max(1, digits - (schema.get("decimal_places") or 0)) if digits else None


def _written(schema: core_schema.DecimalSchema) -> Callable[[object], object]:
    """Return a validator that refuses texts that are not written as the pattern says."""
    before, places = digits_before(schema), schema.get("decimal_places")
    keeps_numbers = (schema.get("max_digits") or MAX_PREC) <= DIGITS_OF_A_NUMBER

    def check(value: object) -> object:
        is_rounded = isinstance(value, RoundedNumber)
        if isinstance(value, float) and not keeps_numbers and (is_rounded or not _is_short(value)):
            raise PydanticCustomError(
                "decimal_number",
                f"Must be a text: a number keeps {DIGITS_OF_A_NUMBER} digits only.",
            )
        if isinstance(value, RoundedNumber):
            return value.exact
        if not isinstance(value, str):
            return value
        found = WRITTEN.fullmatch(value)
        if not found:
            raise PydanticKnownError("decimal_parsing")
        if places is not None and found[2] and len(found[2]) > places:
            raise PydanticKnownError("decimal_max_places", {"decimal_places": places})
        if before and len(found[1]) > before:
            raise PydanticKnownError("decimal_whole_digits", {"whole_digits": before})
        return value

    return check


def _is_short(value: float) -> bool:
    """Return whether a number has few enough digits; true for infinity, which fails later."""
    digits = Decimal(repr(value)).as_tuple().digits
    return len(digits) <= DIGITS_OF_A_NUMBER


def _in_one_form(places: int | None) -> Callable[[Any], Any]:
    """Return a validator that gives a decimal its decimal places, and zero no sign."""
    unit = None if places is None else Decimal(1).scaleb(-places)

    def convert(value: Decimal) -> Decimal:
        if not value.is_finite():
            return value
        if unit is not None:
            if not value.same_quantum(unit):
                value = value.quantize(unit, context=EXACT)
        elif value.as_tuple().exponent > 0:  # type: ignore[operator]  # a number: it is finite
            value = value.quantize(Decimal(1), context=EXACT)
        return value.copy_abs() if value.is_zero() else value

    return convert
