"""Checks that the OpenAPI document is valid and describes everything that the API does."""

import json
import re
from pathlib import Path
from typing import Any

from flask import Flask

from flask_chassis.auth.access import decision_for
from flask_chassis.http import openapi_file
from flask_chassis.http.url_parameters import path_of
from flask_chassis.settings import Settings
from flask_chassis.testing.openapi import DOCUMENT

METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}

Document = dict[str, Any]
Route = tuple[str, str]
"""A method and a path as the document writes it."""


def violations(document: Document) -> list[str]:
    """Return where a document breaks the OpenAPI specification."""
    from openapi_spec_validator import validate
    from openapi_spec_validator.validation.exceptions import OpenAPIValidationError

    try:
        validate(document)
    except OpenAPIValidationError as error:
        return [f"{DOCUMENT} is not a valid OpenAPI document: {error}. Correct the schema."]
    return []


def wrong_information(document: Document, settings: Settings) -> list[str]:
    """Return the fields of the document's `info` that are not those of the settings."""
    info = document["info"]
    wanted = {
        "title": (info["title"], settings["service.title"]),
        "description": (info.get("description", ""), settings["service.description"]),
        "contact.email": (info.get("contact", {}).get("email"), settings["service.contact"]),
    }
    faults = [
        f"info.{field} in {DOCUMENT} is {found!r}, the setting service.{field.split('.')[0]} is "
        f"{value!r}: remove what overrides it."
        for field, (found, value) in wanted.items()
        if found != value
    ]
    if not info.get("version"):
        faults.append(f"info.version in {DOCUMENT} is empty: pass a version to openapi.init_app.")
    return faults


def outdated_file(app: Flask, root: Path) -> list[str]:
    """Return where the committed `openapi.json` differs from the code."""
    wanted = openapi_file.document_of(app)
    if wanted is None:
        return []
    fix = "Run the task api.document (acme-tasks api.document), and commit the file."
    try:
        text = (root / openapi_file.FILE).read_text(encoding="utf-8")
        found = json.loads(text)
    except (OSError, ValueError) as error:
        return [f"{openapi_file.FILE} cannot be read: {error}. {fix}"]
    if place := openapi_file.difference(found, json.loads(openapi_file.text_of(wanted))):
        return [f"{openapi_file.FILE} differs from the code, first at {place}. {fix}"]
    if text != openapi_file.text_of(wanted):
        return [f"{openapi_file.FILE} is formatted otherwise. {fix}"]
    return []


def undocumented_routes(document: Document, routes: dict[Route, str | None]) -> list[str]:
    """Return the routes of the API that are missing in the document, and the reverse."""
    documented, served = operations(document).keys(), routes.keys()
    return [
        f"{method} {path} is missing in {DOCUMENT}: decorate it with @operation, below its access "
        "decorator."
        for method, path in sorted(served - documented)
    ] + [
        f"{method} {path} is in {DOCUMENT} and not served: remove it."
        for method, path in sorted(documented - served)
    ]


def undocumented_tokens(document: Document, routes: dict[Route, str | None]) -> list[str]:
    """Return the operations that do not say rightly whether they require a token or a scope."""
    faults = []
    found = operations(document)
    for method, path in sorted(routes.keys() & found.keys()):
        access = routes[method, path] or ""
        security, responses = found[method, path].get("security"), found[method, path]["responses"]
        wanted = _security(access)
        if security != wanted:
            faults.append(
                f"{method} {path} is for {access or 'nobody'}, its security in {DOCUMENT} is "
                f"{security}, not {wanted}: put @operation below the access decorator."
            )
        needed = {"401"} if access == "token" else {"401", "403"} if wanted else set()
        faults += [
            f"{method} {path} is for {access} and does not document {status}: add it to the "
            "errors of @operation."
            for status in sorted(needed - responses.keys())
        ]
    return faults


def _security(access: str) -> list[dict[str, list[str]]]:
    if access == "token":
        return [{"bearer": []}]
    if access.startswith("scope "):
        return [{"bearer": [access.removeprefix("scope ")]}]
    return []


def undescribed_responses(document: Document) -> list[str]:
    """Return the operations and responses that lack a summary, a description or a model."""
    faults = []
    for (method, path), operation in operations(document).items():
        where = f"{method} {path} in {DOCUMENT}"
        faults += [
            f"{where} has no {field}: write a docstring."
            for field in ("operationId", "summary")
            if not operation.get(field)
        ]
        responses = operation["responses"]
        faults += [
            f"{where} does not document {status}: decorate it with @operation."
            for status in ("500", "503")
            if status not in responses
        ]
        for status, response in responses.items():
            schema = _schema(response.get("content", {}))
            model = (schema or {}).get("$ref", "").rpartition("/")[2]
            if not response.get("description"):
                faults.append(f"{where}: response {status} has no description: add one.")
            if status not in {"204", "304"} and not schema:
                faults.append(
                    f"{where}: response {status} has no schema: add response= to @operation."
                )
            elif status >= "400" and model not in {"Error", "Invalid"}:
                faults.append(
                    f"{where}: error {status} has another schema than Error: use errors= of "
                    "@operation."
                )
    return faults


def undescribed_parameters(document: Document) -> list[str]:
    """Return the operations whose parameters or bodies are not described."""
    faults = []
    for (method, path), operation in operations(document).items():
        where = f"{method} {path} in {DOCUMENT}"
        parameters = operation.get("parameters", [])
        described = {parameter["name"] for parameter in parameters if parameter["in"] == "path"}
        faults += [
            f"{where} does not describe exactly the parameters of its path: {name}."
            for name in sorted(described ^ set(re.findall(r"\{(\w+)\}", path)))
        ]
        # A body is what can be sent in an unsupported format.
        has_body = "requestBody" in operation
        if has_body != ("415" in operation["responses"]):
            faults.append(
                f"{where} has a body and does not document 415: add it to the errors of @operation."
                if has_body
                else f"{where} documents 415 and has no body: add body= to @operation, or remove "
                "415 from its errors."
            )
        if has_body and not _schema(operation["requestBody"].get("content", {})):
            faults.append(f"{where} has a body without a schema: add body= to @operation.")
    return faults


def _schema(content: dict[str, Any]) -> dict[str, Any] | None:
    """Return the schema of a JSON body, or None."""
    found: dict[str, Any] | None = content.get("application/json", {}).get("schema")
    return found


def operations(document: Document) -> dict[Route, dict[str, Any]]:
    """Return the operations of a document, by method and path."""
    return {
        (method.upper(), path): operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method.upper() in METHODS
    }


def api_routes(app: Flask) -> dict[Route, str | None]:
    """Return who may call each route of the API, by method and path.

    Resources are the API, and so are plain views under `/api/`.
    """
    found = {}
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        prefixes = ("/api/", "/admin/") if hasattr(view, "view_class") else ("/api/",)
        for method in METHODS & set(rule.methods or ()):
            if rule.rule.startswith(prefixes):
                found[method, path_of(rule.rule)] = decision_for(view, method)
    return found
