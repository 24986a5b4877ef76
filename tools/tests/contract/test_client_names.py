"""Test that schemas of any name give models, as .NET and Java name them."""

from typing import Any

import pytest

from flask_chassis_tools.contract.schema_names import identifiers, with_identifiers

from .conftest import Models


def referring(name: str) -> dict[str, str]:
    """Return a reference to a schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def having(**properties: Any) -> dict[str, Any]:
    """Return an object that has these properties."""
    return {"type": "object", "properties": properties, "required": list(properties)}


TEXT = {"type": "string"}


def test_names_with_dots_give_models(models_of: Models) -> None:
    found = models_of(
        {
            "Acme.Order": having(
                customer=referring("Acme.Sales.Customer"),
                lines={"type": "array", "items": referring("Acme.OrderLine")},
            ),
            "Acme.Sales.Customer": having(name=TEXT),
            "Acme.OrderLine": having(article=TEXT),
        }
    )
    order = found.AcmeOrder.model_validate_json(
        '{"customer": {"name": "Ann"}, "lines": [{"article": "Pen"}]}'
    )
    assert isinstance(order.customer, found.AcmeSalesCustomer)
    assert isinstance(order.lines[0], found.AcmeOrderLine)


def test_names_that_become_the_same_identifier_stay_apart(models_of: Models) -> None:
    found = models_of(
        {
            "Acme.Order": having(a=TEXT),
            "Acme-Order": having(b=TEXT),
            "AcmeOrder": having(c=TEXT),
            "acme_order.": having(d=TEXT),
            "All": having(
                first=referring("Acme.Order"),
                second=referring("Acme-Order"),
                third=referring("AcmeOrder"),
                fourth=referring("acme_order."),
            ),
        }
    )
    made = found.All(first={"a": "1"}, second={"b": "2"}, third={"c": "3"}, fourth={"d": "4"})
    assert type(made.third) is found.AcmeOrder
    assert [made.first.a, made.second.b, made.third.c, made.fourth.d] == ["1", "2", "3", "4"]


@pytest.mark.parametrize("name", ["1st", "class", "None", "-", "a--b", "x.1"])
def test_names_that_cannot_be_a_class_give_models(models_of: Models, name: str) -> None:
    found = models_of({name: having(a=TEXT), "Holder": having(inner=referring(name))})
    assert found.Holder.model_validate_json('{"inner": {"a": "x"}}').inner.a == "x"


@pytest.mark.parametrize(
    "mapping",
    [
        {"card": "#/components/schemas/Acme.Card", "cash": "#/components/schemas/Acme.Cash"},
        {"card": "Acme.Card", "cash": "Acme.Cash"},
    ],
    ids=["references", "names"],
)
def test_mappings_of_discriminators_are_renamed(models_of: Models, mapping: dict[str, str]) -> None:
    found = models_of(schemas_of_payments({"propertyName": "kind", "mapping": mapping}))
    paid = found.AcmeOrder.model_validate_json('{"payment": {"kind": "cash", "amount": 5}}')
    assert type(paid.payment) is found.AcmeCash


def test_a_name_that_is_a_tag_stays_the_tag(models_of: Models) -> None:
    found = models_of(schemas_of_payments({"propertyName": "kind"}))
    body = '{"payment": {"kind": "Acme.Cash", "amount": 5}}'
    paid = found.AcmeOrder.model_validate_json(body)
    assert type(paid.payment) is found.AcmeCash


def schemas_of_payments(discriminator: dict[str, Any]) -> dict[str, Any]:
    """Return the schemas of an order that is paid in one of two ways."""
    union = [referring("Acme.Card"), referring("Acme.Cash")]
    return {
        "Acme.Card": having(kind=TEXT, amount={"type": "integer"}),
        "Acme.Cash": having(kind=TEXT, amount={"type": "integer"}),
        "Acme.Order": having(payment={"oneOf": union, "discriminator": discriminator}),
    }


def test_identifiers_stay_as_they_are() -> None:
    names = ["Order", "order", "an_order", "Größe"]
    assert identifiers(names) == {
        "Order": "Order",
        "order": "order",
        "an_order": "an_order",
        "Größe": "GrE",
    }
    document = {"components": {"schemas": {"Order": having(a=referring("Order"))}}}
    assert with_identifiers(document) is document


def test_references_are_renamed_wherever_they_are() -> None:
    inner = {"$ref": "#/components/schemas/A~1b.C/properties/d"}
    document = {
        "paths": {"/": {"get": {"x": [referring("A~1b.C"), {"$ref": "other.json#/A/b"}]}}},
        "components": {"schemas": {"A/b.C": having(d=TEXT), "E": inner}},
    }
    found = with_identifiers(document)
    assert found["paths"]["/"]["get"]["x"] == [referring("ABC"), {"$ref": "other.json#/A/b"}]
    assert found["components"]["schemas"] == {
        "ABC": having(d=TEXT),
        "E": {"$ref": "#/components/schemas/ABC/properties/d"},
    }
