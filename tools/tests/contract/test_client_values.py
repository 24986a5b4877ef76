"""Test that a client reads values that its document does not have yet, of any type."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from .conftest import Models


def having(value: dict[str, Any]) -> dict[str, Any]:
    """Return schemas with one value."""
    return {"Item": {"type": "object", "properties": {"value": value}, "required": ["value"]}}


WIDENED: dict[str, tuple[dict[str, Any], list[Any]]] = {
    "texts": ({"type": "string", "enum": ["a", "b"]}, ["a", "new"]),
    "integers": ({"type": "integer", "enum": [1, 2, 3]}, [1, 4]),
    "numbers": ({"type": "number", "enum": [0.5, 1]}, [0.5, 2.25]),
    "a boolean": ({"type": "boolean", "enum": [True]}, [True, False]),
    "a constant text": ({"type": "string", "const": "a"}, ["a", "new"]),
    "a constant integer": ({"const": 1}, [1, 2]),
    "a constant number": ({"const": 1.5}, [1.5, 2.5]),
    "a constant boolean": ({"const": True}, [True, False]),
    "one text": ({"enum": ["a"]}, ["a", "new"]),
    "texts or null": ({"type": ["string", "null"], "enum": ["a", None]}, ["a", "new", None]),
    "integers or null": ({"type": ["integer", "null"], "enum": [1, None]}, [1, 2, None]),
    "mixed": ({"enum": ["a", 1, None]}, ["a", "new", 1, 2, None]),
    "in a list": (
        {"type": "array", "items": {"type": "integer", "enum": [1, 2]}},
        [[1], [1, 3]],
    ),
    "constants in alternatives": (
        {"oneOf": [{"const": "a", "title": "A"}, {"const": "b", "title": "B"}]},
        ["a", "new"],
    ),
    "an object": ({"type": "object", "const": {"a": 1}}, [{"a": 1}, {"a": 2}]),
}


@pytest.mark.parametrize("case", WIDENED)
def test_a_new_value_is_read_and_sent(models_of: Models, case: str) -> None:
    schema, values = WIDENED[case]
    item = models_of(having(schema)).Item
    for value in values:
        found = item.model_validate_json(json.dumps({"value": value}))
        assert json.loads(found.model_dump_json()) == {"value": value}
        assert type(found.model_dump(mode="json")["value"]) is type(value)


def test_a_nullable_enum_of_openapi_3_0_admits_null(models_of: Models) -> None:
    schema = {"type": "integer", "enum": [1, 2], "nullable": True}
    item = models_of(having(schema), "3.0.3").Item
    for value in (1, 3, None):
        assert item.model_validate_json(json.dumps({"value": value})).value == value
    assert item.model_validate_json("{}").value is None


def test_an_enum_that_is_a_schema_of_its_own_is_widened(models_of: Models) -> None:
    schemas = having({"$ref": "#/components/schemas/Level"})
    found = models_of({**schemas, "Level": {"type": "integer", "enum": [1, 2]}})
    assert found.Item.model_validate_json('{"value": 3}').value == 3


def test_a_value_of_another_type_is_none_of_the_contract(models_of: Models) -> None:
    item = models_of(having({"type": "integer", "enum": [1, 2]})).Item
    with pytest.raises(ValidationError):
        item.model_validate_json('{"value": "many"}')


def test_properties_may_have_the_names_of_keywords(models_of: Models) -> None:
    names = ["const", "enum", "pattern", "type"]
    properties = {name: {"type": "string", "default": "x"} for name in names}
    item = models_of({"Item": {"type": "object", "properties": properties}}).Item
    found = item.model_validate_json('{"const": "y", "pattern": "z"}')
    assert [getattr(found, name) for name in names[1:]] == ["x", "z", "x"]
    assert found.model_dump(mode="json")["const"] == "y"


KINDS: dict[str, Any] = {
    "constants": ({"const": "card"}, {"const": "cash"}),
    "enums": ({"type": "string", "enum": ["card"]}, {"type": "string", "enum": ["cash"]}),
    "texts": ({"type": "string"}, {"type": "string"}),
    "a shared enum": ({"enum": ["card", "cash"]}, {"enum": ["card", "cash"]}),
}

DISCRIMINATOR = {
    "propertyName": "kind",
    "mapping": {"card": "#/components/schemas/Card", "cash": "#/components/schemas/Cash"},
}


def payments(kinds: tuple[Any, Any], **union: Any) -> dict[str, Any]:
    """Return the schemas of an order with a payment by card or in cash, which look alike."""

    def member(kind: Any) -> dict[str, Any]:
        properties = {"kind": kind, "amount": {"type": "string", "format": "decimal"}}
        return {"type": "object", "properties": properties, "required": ["kind", "amount"]}

    either = {
        "oneOf": [{"$ref": f"#/components/schemas/{name}"} for name in ("Card", "Cash")],
        **union,
    }
    properties = {"payment": {"$ref": "#/components/schemas/Payment"}, "all": {"type": "array"}}
    properties["all"]["items"] = either  # type: ignore[assignment]
    order = {"type": "object", "properties": properties, "required": ["payment"]}
    return {
        "Card": member(kinds[0]),
        "Cash": member(kinds[1]),
        "Payment": either,
        "Order": order,
    }


CASES = {f"discriminator with {name}": (kinds, True) for name, kinds in KINDS.items()}
CASES |= {f"no discriminator, {name}": (KINDS[name], False) for name in ("constants", "enums")}


@pytest.mark.parametrize("case", CASES)
def test_members_of_a_union_are_told_apart_and_an_unknown_one_is_read(
    models_of: Models, case: str
) -> None:
    kinds, has_discriminator = CASES[case]
    union = {"discriminator": DISCRIMINATOR} if has_discriminator else {}
    found = models_of(payments(kinds, **union))

    def read(kind: str) -> Any:
        payment = {"kind": kind, "amount": "1.50"}
        order = found.Order.model_validate_json(json.dumps({"payment": payment, "all": [payment]}))
        assert order.all[0].model_dump() == order.payment.model_dump()
        return order.payment

    assert type(read("card")) is found.Card
    assert type(read("cash")) is found.Cash
    unknown = read("voucher")
    assert type(unknown).__name__.startswith("Unknown")
    assert unknown.model_dump() == {"kind": "voucher", "amount": "1.50"}
    assert read("cashier").kind == "cashier"
    # What a known member lacks is an error, and so is an object without a tag.
    for broken in ('{"kind": "card"}', '{"amount": "1"}'):
        with pytest.raises(ValidationError):
            found.Order.model_validate_json(f'{{"payment": {broken}}}')
    sent = found.Order(payment=found.Cash(kind="cash", amount="2"))
    assert sent.model_dump(mode="json", exclude_unset=True) == {
        "payment": {"kind": "cash", "amount": "2"}
    }


def test_members_that_extend_a_base_are_told_apart(models_of: Models) -> None:
    schemas = payments(KINDS["texts"], discriminator=DISCRIMINATOR)
    schemas["Base"] = {"type": "object", "properties": {"kind": {"type": "string"}}}
    base = {"$ref": "#/components/schemas/Base"}
    for name in ("Card", "Cash"):
        del schemas[name]["properties"]["kind"]
        schemas[name] = {"allOf": [base, schemas[name]]}
    found = models_of(schemas)
    for kind, model in (("card", found.Card), ("cash", found.Cash)):
        body = json.dumps({"payment": {"kind": kind, "amount": "1"}})
        assert type(found.Order.model_validate_json(body).payment) is model


def test_a_union_of_objects_without_a_tag_stays_as_it_is(models_of: Models) -> None:
    found = models_of(payments(KINDS["texts"]))
    with pytest.raises(ValidationError):
        found.Order.model_validate_json('{"payment": {"total": "1"}}')
