"""Test that amounts of money are decimals in a client, exact in what is sent and read."""

import json
from decimal import Decimal
from typing import Any, get_type_hints

import pytest
from flask_chassis.clients.models import as_json
from pydantic import BaseModel, Field

from .bills import document_of, service
from .conftest import Models

NUMBER = {"type": "number"}
TEXT = {"type": "string", "format": "decimal"}
NULL = {"type": "null"}

AMOUNT = "100000000000000.001"


PATTERN = r"^(?!^[-+.]*$)[+-]?0*\d*\.?\d*$"
"""What some versions of Pydantic, and so FastAPI, have in the place of a format."""


class Plain(BaseModel):
    """What FastAPI makes a schema of."""

    price: Decimal = Field(ge=0)
    discount: Decimal | None = None


def having(price: dict[str, Any]) -> dict[str, Any]:
    """Return schemas with one price."""
    return {"Item": {"type": "object", "properties": {"price": price}, "required": ["price"]}}


FORMS: dict[str, dict[str, Any]] = {
    "number or text": {"anyOf": [NUMBER, TEXT]},
    "text or number": {"oneOf": [TEXT, NUMBER]},
    "or an integer": {"anyOf": [NUMBER, {"type": "integer"}, TEXT]},
    "or null": {"anyOf": [NUMBER, TEXT, NULL]},
    "list of types": {"type": ["number", "string"], "format": "decimal"},
    "list of types with null": {"type": ["number", "string", "null"], "format": "decimal"},
    "with limits": {"anyOf": [{"type": "number", "minimum": 0}, {**TEXT, "pattern": "^x"}]},
    "of FastAPI": {"anyOf": [NUMBER, {"type": "string", "pattern": PATTERN}]},
    "of FastAPI, or null": {"anyOf": [NUMBER, {"type": "string", "pattern": PATTERN}, NULL]},
    "of FastAPI, in answers": {"type": "string", "pattern": PATTERN},
    "text alone": TEXT,
}


@pytest.mark.parametrize("form", FORMS)
def test_a_price_is_a_decimal_that_is_sent_as_text(models_of: Models, form: str) -> None:
    item = models_of(having(FORMS[form])).Item
    assert get_type_hints(item)["price"] in (Decimal, Decimal | None)
    for price in (AMOUNT, Decimal(AMOUNT)):
        assert as_json(item(price=price)) == {"price": AMOUNT}
    read = item.model_validate_json('{"price": 10.25}')
    assert isinstance(read.price, Decimal)
    assert read.price == Decimal("10.25")
    assert item.model_validate_json(json.dumps({"price": AMOUNT})).price == Decimal(AMOUNT)


def test_a_price_has_a_default(models_of: Models) -> None:
    schemas = having({"anyOf": [NUMBER, TEXT], "default": "0.10"})
    del schemas["Item"]["required"]
    assert Decimal(models_of(schemas).Item().price) == Decimal("0.10")


def test_a_price_may_be_a_schema_of_its_own(models_of: Models) -> None:
    schemas = having({"$ref": "#/components/schemas/Money"})
    found = models_of({**schemas, "Money": {"anyOf": [NUMBER, TEXT]}})
    assert as_json(found.Item(price=AMOUNT)) == {"price": AMOUNT}


def test_what_the_chassis_documents_is_a_decimal(models_of: Models) -> None:
    fields: dict[str, Any] = {"price": (Decimal, Field(ge=0)), "tip": (Decimal | None, None)}
    document = document_of(service(fields, fields, {"price": "1"}))
    found = models_of(document["components"]["schemas"])
    sent = found.NewBill(price=AMOUNT, tip=AMOUNT)
    assert as_json(sent) == {"price": AMOUNT, "tip": AMOUNT}


def test_a_decimal_stays_exact_where_a_number_or_any_text_is_sent(models_of: Models) -> None:
    item = models_of({"Item": Plain.model_json_schema()}).Item
    for amount in (AMOUNT, Decimal(AMOUNT)):
        sent = item(price=amount, discount=amount)
        assert as_json(sent) == {"price": AMOUNT, "discount": AMOUNT}
    assert as_json(item(price="free")) == {"price": "free"}


def test_other_numbers_stay_numbers(models_of: Models) -> None:
    item = models_of(having({"anyOf": [NUMBER, {"type": "string"}]})).Item
    assert as_json(item(price=1.5)) == {"price": 1.5}
    assert get_type_hints(models_of(having(NUMBER)).Item)["price"] is float
