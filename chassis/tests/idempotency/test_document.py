"""The OpenAPI document describes idempotent operations."""

from typing import Any

import pytest
from flask import Flask

from flask_chassis.testing import openapi
from flask_chassis.testing.guards import openapi as guards

from .conftest import Send


@pytest.fixture(scope="module")
def document(idempotent: Flask) -> dict[str, Any]:
    """Return the document of the service."""
    return openapi.document_of(idempotent)


def key_of(operation: dict[str, Any]) -> dict[str, Any]:
    """Return the parameter of the key."""
    [found] = [each for each in operation["parameters"] if each["name"] == "Idempotency-Key"]
    return dict(found)


def test_the_document_is_valid(document: dict[str, Any]) -> None:
    assert guards.violations(document) == []


def test_the_key_is_a_parameter(document: dict[str, Any]) -> None:
    parameter = key_of(document["paths"]["/bills/{way}/"]["post"])
    assert (parameter["in"], parameter["required"]) == ("header", False)
    assert parameter["schema"] == {
        "type": "string",
        "minLength": 1,
        "maxLength": 255,
        "pattern": "^[!-~]+$",
    }
    assert key_of(document["paths"]["/plain/{way}/"]["post"])["required"] is True


def test_its_responses_are_described(document: dict[str, Any]) -> None:
    answers = document["paths"]["/bills/{way}/"]["post"]["responses"]
    assert {"400", "409", "422"} <= answers.keys()
    assert answers["201"]["headers"].keys() == {"ETag", "Location", "Idempotency-Replayed"}
    assert answers["409"]["headers"].keys() == {"Retry-After"}
    assert answers["409"]["description"].startswith(
        "It exists; or a request with the same `Idempotency-Key` is still running"
    )
    plain = document["paths"]["/plain/{way}/"]["post"]["responses"]
    assert plain["409"]["description"].startswith("A request with the same `Idempotency-Key`")


def test_other_operations_do_not_have_it(document: dict[str, Any], service: Flask) -> None:
    listing = openapi.document_of(service)["paths"]["/api/invoices/"]["get"]
    assert "Idempotency-Key" not in str(listing)
    assert "422" not in listing["responses"]


def test_what_is_answered_is_described(send: Send, document: dict[str, Any]) -> None:
    answers = [send(), send(), send(number="2"), send(key=""), send(key="k2")]
    statuses = [answer.status_code for answer in answers]
    assert statuses == [201, 201, 422, 400, 409]
    for status in statuses:
        assert openapi.is_documented(document, ("POST", "/bills/{way}/", status))
