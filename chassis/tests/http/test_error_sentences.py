"""Errors of Pydantic become sentences, without the value that is wrong."""

from typing import Annotated, Any

import pytest
from pydantic import AfterValidator, Field, ValidationError

from flask_chassis.http.error_sentences import BUILT_IN, FAMILIES, NOT_VALID, SENTENCES, errors_of
from flask_chassis.http.schemas import Schema


def refuses(value: str) -> str:
    assert value == "right"
    return value


class Sample(Schema):
    """A schema with all that is hard to place."""

    choice: int | list[int] = 1
    asserted: Annotated[str, AfterValidator(refuses)] = "right"
    by_number: dict[int, int] = Field(default_factory=dict)


def test_every_sentence_is_for_a_type_of_error() -> None:
    assert SENTENCES.keys() <= BUILT_IN
    assert all(any(kind.startswith(family) for kind in BUILT_IN) for family in FAMILIES)


@pytest.mark.parametrize(
    ("sent", "errors"),
    [
        ({"asserted": "SECRET"}, {"asserted": NOT_VALID}),
        ({"by_number": {"SECRET" * 20: 1}}, {"by_number." + ("SECRET" * 20)[:50]: "x"}),
        ({"\x1b[31m" * 3: 1}, {"?[31m?[31m?[31m": "Is not a known field."}),
    ],
)
def test_places_are_short_and_printable(sent: Any, errors: dict[str, str]) -> None:
    with pytest.raises(ValidationError) as raised:
        Sample.model_validate(sent)
    assert errors_of(raised.value).keys() == errors.keys()
    assert not any("SECRET" in sentence for sentence in errors_of(raised.value).values())
