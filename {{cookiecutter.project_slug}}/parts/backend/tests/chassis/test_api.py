"""The document of the API is right and complete, and people can read it at `/`."""

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openapi_spec_validator import validate

from {{ cookiecutter.package_name }}.chassis.access import decision
from {{ cookiecutter.package_name }}.chassis.settings import Settings

from ..answers import in_document, is_documented
from .probes import API_VERSION

METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    """The document of the service's own API."""
    found: dict[str, Any] = client.get("/swagger.json").json
    return found


def operations(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the operations of a document, by method and path."""
    return {
        (method.upper(), path): operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method.upper() in METHODS
    }


def served(app: Flask) -> dict[tuple[str, str], str | None]:
    """Return who may call what the API serves, by method and path."""
    found = {}
    for rule in app.url_map.iter_rules():
        resource = getattr(app.view_functions[rule.endpoint], "view_class", None)
        for method in METHODS & set(rule.methods or ()):
            if resource is not None and rule.rule.startswith(("/api/", "/admin/")):
                view = getattr(resource, method.lower())
                found[method, in_document(rule.rule)] = decision(view)
    return found


def test_the_document_follows_its_specification(document: dict[str, Any]) -> None:
    validate(document)


def test_it_is_that_of_this_service(document: dict[str, Any], settings: Settings) -> None:
    information = document["info"]
    assert information["title"] == settings["service.title"]
    assert information["description"] == settings["service.description"]
    assert information["contact"]["email"] == settings["service.contact"]
    assert information["version"]


def test_every_route_is_in_it(app: Flask, document: dict[str, Any]) -> None:
    assert served(app)
    assert set(operations(document)) == set(served(app))


def test_every_operation_that_needs_a_token_says_so(app: Flask, document: dict[str, Any]) -> None:
    assert document["securityDefinitions"]["bearer"]["name"] == "Authorization"
    found = operations(document)
    for route, who in served(app).items():
        needs_token = who not in {"public", "internal"}
        assert found[route].get("security", []) == ([{"bearer": []}] if needs_token else [])
        if needs_token:
            assert "401" in found[route]["responses"]


def test_every_answer_has_a_model(document: dict[str, Any]) -> None:
    for route, operation in operations(document).items():
        assert operation["operationId"]
        assert operation["summary"]
        assert {"500", "503"} <= operation["responses"].keys()
        for status, answer in operation["responses"].items():
            assert answer["description"]
            if status != "204":
                assert "schema" in answer, (route, status)
            if status >= "400":
                assert answer["schema"]["$ref"].rpartition("/")[2] in {"Error", "Invalid"}


def test_every_body_and_every_parameter_is_described(document: dict[str, Any]) -> None:
    for (_, path), operation in operations(document).items():
        parameters = [
            *document["paths"][path].get("parameters", []),
            *operation.get("parameters", []),
        ]
        described = {parameter["name"] for parameter in parameters if parameter["in"] == "path"}
        assert described == set(re.findall(r"\{(\w+)\}", path))
        # What can be sent in a wrong form is a body.
        assert ("415" in operation["responses"]) == ("body" in {p["in"] for p in parameters})


def test_an_answer_that_is_not_in_it_is_found(document: dict[str, Any]) -> None:
    """What `app` in tests/conftest.py goes by, after each test."""
    (method, path), operation = next(iter(operations(document).items()))
    known = next(iter(operation["responses"]))
    assert is_documented(document, (method, path, int(known)))
    assert not is_documented(document, (method, path, 418))
    assert is_documented(document, (method, "/not/described", 418))


def test_the_contracts_version_is_that_of_the_domain(probe: FlaskClient) -> None:
    assert probe.get("/swagger.json").json["info"]["version"] == API_VERSION


def test_people_find_it_at_the_root_with_all_that_it_needs(client: FlaskClient) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert page.mimetype == "text/html"
    assets = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    scripts = [path for path in assets if path.endswith((".js", ".css"))]
    assert len(scripts) >= 3
    for path in scripts:
        with client.get(path) as asset:
            assert asset.status_code == 200, path
            assert len(asset.data) > 100
    assert "/swagger.json" in page.text
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page.text)


def test_a_caller_cannot_pick_fields_with_a_header(probe: FlaskClient) -> None:
    response = probe.get("/api/probes/free/", headers={"X-Fields": "nothing"})
    assert response.json == {"free": True}
    assert "X-Fields" not in str(probe.get("/swagger.json").json)
