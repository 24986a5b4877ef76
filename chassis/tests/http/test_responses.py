"""Whatever a view returns is serialized: its changes may be committed by then."""

import enum
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from pydantic import ConfigDict, Field

from flask_chassis.http import responses
from flask_chassis.http.schemas import Money, Schema


class Color(enum.Enum):
    """A state."""

    RED = "red"


class Amount(Schema):
    """A schema."""

    money: Money
    note: str = ""


class Noted(Amount):
    """With a field that callers know by another name."""

    model_config = ConfigDict(validate_by_name=True)
    by: str = Field(alias="written_by")


@dataclass
class Point:
    """What is not a schema."""

    x: Decimal


@pytest.mark.parametrize(
    ("value", "serialized"),
    [
        (Decimal("1.50"), "1.50"),
        (Decimal("1E+3"), "1000"),
        (date(2026, 12, 31), "2026-12-31"),
        (datetime(2026, 12, 31, tzinfo=UTC), "2026-12-31T00:00:00+00:00"),
        (timedelta(days=1), "1 day, 0:00:00"),
        (Color.RED, "red"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        ({1}, [1]),
        ({1: 2}, {"1": 2}),
        (10**30, 10**30),
        ("\ud800", "\ud800"),
        (float("nan"), None),
        (Point(Decimal("0.10")), {"x": "0.10"}),
        (Amount(money=Decimal(5)), {"money": "5.00", "note": ""}),
        (Amount.model_construct(money=Decimal(5), note="\ud800"), {"money": "5", "note": "\ud800"}),
    ],
    ids=repr,
)
def test_values_are_serialized_wherever_they_are(value: Any, serialized: Any) -> None:
    response = responses.json({"list": [value]})
    assert json.loads(response.data) == {"list": [serialized]}


WHOLE = [
    (Amount(money=Decimal(5)), {"money": "5.00", "note": ""}),
    ([Amount(money=Decimal(5)), Amount(money=Decimal("0.1"))], ["5.00", "0.10"]),
    ([Amount(money=Decimal(5)), Color.RED], ["5.00", "red"]),
    ([Noted(money=Decimal(5), by="ada"), Amount(money=Decimal(6))], ["5.00", "6.00"]),
    ([Amount.model_construct(money=Decimal(5), note="\ud800")], ["5"]),
    ([], []),
]


@pytest.mark.parametrize(("data", "expected"), WHOLE, ids=repr)
def test_schemas_are_serialized_alone_and_in_lists(data: Any, expected: Any) -> None:
    found = json.loads(responses.json(data).data)
    if isinstance(data, list):
        found = [each["money"] if isinstance(each, dict) else each for each in found]
    assert found == expected


def test_a_field_has_the_name_that_callers_know() -> None:
    [one] = json.loads(responses.json([Noted(money=Decimal(5), by="ada")]).data)
    assert one == {"money": "5.00", "note": "", "written_by": "ada"}


def test_values_of_all_types_are_serialized_together() -> None:
    """Integers above 64 bits take the slow way, and with them all else."""
    values = [10**30, Color.RED, date(2026, 1, 2), UUID(int=1), Amount(money=Decimal(1)), {2}]
    assert json.loads(responses.json(values).data)[1:4] == ["red", "2026-01-02", str(UUID(int=1))]


def test_what_was_created_has_an_address(app: Flask) -> None:
    with app.test_request_context("/", method="POST"):
        response = responses.created(Amount(money=Decimal(5)), "/api/amounts/1/", etag=7)
    assert response.status_code == 201
    assert response.headers["Location"] == "/api/amounts/1/"
    assert response.headers["ETag"] == '"7"'


def test_no_content_has_no_body_and_no_type() -> None:
    response = responses.no_content()
    assert (response.status_code, response.data) == (204, b"")
    assert "Content-Type" not in response.headers
