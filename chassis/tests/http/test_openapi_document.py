"""The OpenAPI document of the invoices: valid, true, and kept by hostile requests."""

from collections.abc import Mapping
from typing import Any

import pytest
import schemathesis
from flask import Flask, Response
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, given, settings, strategies
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from flask_chassis.auth.access import public
from flask_chassis.http.operations import declared_on, operation
from flask_chassis.http.schemas import Schema
from flask_chassis.testing import Bearer
from flask_chassis.testing.guards import openapi as guards

from .invoices.schemas import Filters, Note
from .test_schemas import INVOICES, invoice

CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)
"""Not that all that the document allows is accepted: a number is taken already, for example.

Nor that all other data is refused: an extra list that is empty is not sent at all.
"""

SCOPE = "invoices:write"


@pytest.fixture
def document(invoices: FlaskClient) -> dict[str, Any]:
    """Return the document of the invoices."""
    found: dict[str, Any] = invoices.get("/openapi.json").json
    return found


@pytest.fixture
def created(document: dict[str, Any]) -> dict[str, Any]:
    """Return the operation that creates an invoice."""
    found: dict[str, Any] = document["paths"][INVOICES]["post"]
    return found


def test_the_document_is_valid_and_whole(invoices_app: Flask, document: dict[str, Any]) -> None:
    routes = guards.api_routes(invoices_app)
    assert guards.violations(document) == []
    assert guards.undocumented_routes(document, routes) == []
    assert guards.undocumented_tokens(document, routes) == []
    assert guards.undescribed_responses(document) == []
    assert guards.undescribed_parameters(document) == []
    assert len(routes) == 6


def test_operations_have_names_tags_and_texts(document: dict[str, Any]) -> None:
    found = guards.operations(document)
    assert {each["operationId"] for each in found.values()} == {
        "get_invoice_list",
        "post_invoice_list",
        "get_invoice",
        "patch_invoice",
        "delete_invoice",
        "write_note",
    }
    created = found["POST", INVOICES]
    assert created["summary"] == "Create an invoice."
    assert created["description"] == "With its items, or not at all."
    assert created["tags"] == ["invoices"]
    assert found["POST", "/api/notes/"]["tags"] == ["notes"]


def test_access_decisions_become_security(document: dict[str, Any]) -> None:
    found = guards.operations(document)
    assert found["POST", INVOICES]["security"] == [{"bearer": [SCOPE]}]
    assert found["GET", INVOICES]["security"] == [{"bearer": []}]
    assert found["POST", "/api/notes/"]["security"] == []
    assert "403" in found["POST", INVOICES]["responses"]
    assert "403" not in found["GET", INVOICES]["responses"]
    assert "401" not in found["POST", "/api/notes/"]["responses"]


def test_errors_have_any_status_and_what_they_mean(created: dict[str, Any]) -> None:
    assert created["responses"]["409"]["description"] == "The number is taken"
    assert {"400", "401", "403", "413", "414", "415", "500", "503"} < set(created["responses"])
    assert created["responses"]["503"]["headers"]["Retry-After"]


def test_bodies_are_json_and_forms_if_they_are_flat(document: dict[str, Any]) -> None:
    found = guards.operations(document)
    assert set(found["POST", INVOICES]["requestBody"]["content"]) == {"application/json"}
    assert set(found["POST", "/api/notes/"]["requestBody"]["content"]) == {
        "application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
    }


def test_what_is_created_has_an_etag_and_none_to_match(created: dict[str, Any]) -> None:
    assert created["responses"]["201"]["headers"].keys() == {"Location", "ETag"}
    assert "412" not in created["responses"]
    assert "parameters" not in created


def test_schemas_describe_types_limits_and_examples(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    new = schemas["NewInvoice"]
    assert new["additionalProperties"] is False
    assert new["properties"]["number"]["maxLength"] == 20
    assert new["properties"]["number"]["examples"] == ["2026-0001"]
    assert new["properties"]["due"] == {"type": "string", "format": "date"}
    assert "EUR" in new["properties"]["currency"]["enum"]
    shown = schemas["InvoiceDetails"]["properties"]
    assert shown["total"]["format"] == "decimal"
    assert shown["total"]["type"] == "string"
    assert shown["status"] == {"$ref": "#/components/schemas/Status"}
    assert "additionalProperties" not in schemas["InvoiceDetails"]
    assert "status" in schemas["InvoiceDetails"]["required"]
    changes = schemas["InvoiceChanges"]["properties"]
    assert changes["status"] == {"$ref": "#/components/schemas/Status"}
    assert changes["note"]["anyOf"][1] == {"type": "null"}


def test_parameters_of_path_query_and_headers(document: dict[str, Any]) -> None:
    found = guards.operations(document)
    listed = {each["name"]: each for each in found["GET", INVOICES]["parameters"]}
    assert listed.keys() == Filters.model_fields.keys()
    assert listed["status"]["description"] == "Only those in this state"
    assert listed["status"]["schema"] == {"$ref": "#/components/schemas/Status"}
    assert listed["due_before"]["schema"] == {"type": "string", "format": "date"}
    assert "Filters" not in document["components"]["schemas"]
    [identifier, match] = found["PATCH", f"{INVOICES}{{id}}/"]["parameters"]
    assert identifier["schema"] == {"type": "integer", "minimum": 0, "maximum": 9999}
    assert (match["name"], match["required"]) == ("If-Match", True)
    [_, none_match] = found["GET", f"{INVOICES}{{id}}/"]["parameters"]
    assert none_match["name"] == "If-None-Match"
    assert "304" in found["GET", f"{INVOICES}{{id}}/"]["responses"]
    [_, match] = found["DELETE", f"{INVOICES}{{id}}/"]["parameters"]
    assert (match["name"], match["required"]) == ("If-Match", False)
    assert {"409", "412"} <= found["DELETE", f"{INVOICES}{{id}}/"]["responses"].keys()
    # With If-Match, a change at the same time is 412.
    assert "409" not in found["PATCH", f"{INVOICES}{{id}}/"]["responses"]
    # What is deleted has no version any more.
    assert "headers" not in found["DELETE", f"{INVOICES}{{id}}/"]["responses"]["204"]
    assert "ETag" in found["PATCH", f"{INVOICES}{{id}}/"]["responses"]["200"]["headers"]


def test_an_operation_above_its_access_decision_is_refused() -> None:
    with pytest.raises(TypeError, match="Move @operation below it"):
        operation(body=Note)(public(lambda body: Response()))


@pytest.mark.parametrize(
    ("declared", "name"), [({"body": Note}, "body"), ({"query": Note}, "query")]
)
def test_a_view_without_the_argument_is_refused(declared: dict[str, Any], name: str) -> None:
    with pytest.raises(TypeError, match=f"has no argument `{name}`"):
        operation(**declared)(lambda: Response())


def test_a_number_that_is_no_status_is_refused() -> None:
    with pytest.raises(ValueError, match="999"):
        operation(errors={999: "?"})


def test_a_declared_list_brings_its_query_its_page_and_its_headers(invoices_app: Flask) -> None:
    class Query(Schema):
        limit: int = 20

    class Listing:
        query_model = Query
        response_headers = {"Link": "The next page"}  # noqa: RUF012

        def page_of(self, query: Query) -> int:
            return query.limit * 10

    @operation(query=Listing(), response=list[Note])
    def listed(page: int) -> str:
        return str(page)

    with invoices_app.test_request_context("/?limit=5"):
        assert listed() == "50"
    declared = declared_on(listed)
    assert declared is not None
    assert declared.query is Query
    assert declared.headers == {"Link": "The next page"}


JSON = strategies.recursive(
    strategies.none()
    | strategies.booleans()
    | strategies.integers()
    | strategies.floats()
    | strategies.text()
    | strategies.sampled_from(["\0", "2026-02-31", "1e999", "NaN", "draft", "0", 10**30, -1]),
    lambda inner: (
        strategies.lists(inner, max_size=3)
        | strategies.dictionaries(strategies.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)
FIELDS = ["number", "customer", "currency", "due", "items", "address", "reference", "priority"]
FIELDS += ["web", "seen", "labels"]


@settings(
    max_examples=150,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(others=strategies.dictionaries(strategies.sampled_from(FIELDS), JSON, min_size=1))
def test_no_body_is_a_500(invoices: FlaskClient, bearer: Bearer, others: Mapping[str, Any]) -> None:
    response = invoices.post(INVOICES, json=invoice(**others), headers=bearer(scope=SCOPE))
    assert response.status_code in {201, 400, 409}


def test_hostile_requests_of_every_type_are_answered_as_documented(
    invoices_app: Flask, bearer: Bearer
) -> None:
    schema = schemathesis.openapi.from_wsgi("/openapi.json", invoices_app)
    headers = bearer(scope=SCOPE)

    for result in schema.get_all_operations():

        @settings(
            max_examples=20,
            deadline=None,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(
            case=result.ok().as_strategy()
            | result.ok().as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE)
        )
        def check(case: schemathesis.Case) -> None:
            case.call_and_validate(headers=headers, checks=CHECKS)

        check()
