"""Makes the OpenAPI 3.1 document of an application out of its operations and access decisions."""

import inspect
import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from flask import Flask

from flask_chassis.http import json_schemas, url_parameters, validation
from flask_chassis.http.json_schemas import Mode
from flask_chassis.http.openapi_routes import (
    HEADERS,
    METHODS,
    Error,
    Invalid,
    Route,
    routes_of,
)
from flask_chassis.http.operations import Operation
from flask_chassis.idempotency import header as idempotency

OPENAPI_VERSION = "3.1.1"

BEARER = "bearer"
"""The name of the security scheme of tokens."""
SESSION = "session"
"""The name of the security scheme of logins in a browser."""

JSON = "application/json"

REPLAYED = {
    idempotency.REPLAYED: "`true` if this is the response of an earlier request with the same key"
}
RETRY_AFTER = {"Retry-After": "In how many seconds to come back"}

BOUNDARY = re.compile("(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
"""Where a word of a class name begins."""

ETAG = {"ETag": "The revision, for `If-Match` and `If-None-Match`"}


def build(
    app: Flask, information: Mapping[str, Any], tags: Mapping[type, str], token_help: str
) -> dict[str, Any]:
    """Return the document.

    `information` is its `info`; `tags` are the names of the namespaces of resources; `token_help`
    tells how to get a token.
    """
    routes = sorted(
        routes_of(app, tags), key=lambda route: (route.rule, METHODS.index(route.method))
    )
    types: list[tuple[Any, Mode]] = [(Error, "serialization"), (Invalid, "serialization")]
    for route in routes:
        types += _types(route.declared)
    schemas, components = json_schemas.generate(types)
    paths: dict[str, dict[str, Any]] = {}
    identifiers = _identifiers(routes)
    for route, identifier in zip(routes, identifiers, strict=True):
        made = _operation(route, identifier, schemas, components)
        paths.setdefault(url_parameters.path_of(route.rule), {})[route.method.lower()] = made
    _drop_queries(routes, schemas, components)
    schemes = _security_schemes(routes, token_help)
    return {
        "openapi": OPENAPI_VERSION,
        "info": dict(information),
        "tags": [{"name": tag} for tag in _tags(routes, tags)],
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": schemes},
    }


def _tags(routes: list[Route], names: Mapping[type, str]) -> list[str]:
    """Return the tags: those of namespaces in the application's order, then those of views."""
    used = {route.tag for route in routes}
    of_namespaces = [name for name in dict.fromkeys(names.values()) if name in used]
    return of_namespaces + sorted(used.difference(of_namespaces))


def _types(declared: Operation) -> Iterator[tuple[Any, Mode]]:
    if declared.body:
        yield declared.body, "validation"
    if declared.query:
        yield declared.query, "validation"
    if declared.response is not None:
        yield declared.response, "serialization"


def _identifiers(routes: list[Route]) -> list[str]:
    """Return an id for each operation: `get_invoice` of an InvoiceResource, unless it is taken."""
    names = [
        route.declared.operation_id
        or _snake(route.view.__name__, route.name.removesuffix("Resource"))
        for route in routes
    ]
    return [
        name if names.count(name) == 1 else _snake(route.tag, name)
        for name, route in zip(names, routes, strict=True)
    ]


def _snake(*words: str) -> str:
    """Join words: `get`, `InvoicePDFList` give `get_invoice_pdf_list`."""
    spaced = [BOUNDARY.sub("_", word) for word in words if word]
    return re.sub(r"\W+", "_", "_".join(spaced)).lower()


def _operation(
    route: Route, identifier: str, schemas: json_schemas.Schemas, components: dict[str, Any]
) -> dict[str, Any]:
    declared = route.declared
    summary, _, rest = (inspect.getdoc(route.view) or "").partition("\n")
    made: dict[str, Any] = {"operationId": identifier, "summary": summary, "tags": [route.tag]}
    if rest.strip():
        made["description"] = rest.strip()
    parameters = url_parameters.parameters_of(route.rule)
    if declared.query:
        parameters += _query_parameters(schemas[declared.query, "validation"], components)
    parameters += _conditions(route)
    if declared.idempotent:
        parameters.append(_idempotency_key(declared))
    if parameters:
        made["parameters"] = parameters
    if declared.body:
        schema = schemas[declared.body, "validation"]
        kinds = [JSON, *(validation.FORMS if validation.accepts_forms(declared.body) else ())]
        made["requestBody"] = {
            "required": any(each.is_required() for each in declared.body.model_fields.values()),
            "content": {kind: {"schema": schema} for kind in kinds},
        }
    made["responses"] = _responses(route, schemas)
    made["security"] = _security(route.access)
    if route.access == "internal":
        made["x-internal"] = True
    return made


def _query_parameters(
    schema: dict[str, Any], components: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    model = components[schema["$ref"].removeprefix(json_schemas.REFERENCES)]
    for name, described in model.get("properties", {}).items():
        parameter = {"name": name, "in": "query", "required": name in model.get("required", ())}
        value = {key: each for key, each in described.items() if key != "description"}
        if "description" in described:
            parameter["description"] = described["description"]
        # An address has no null: a parameter is there or not.
        choices = [each for each in value.get("anyOf", ()) if each != {"type": "null"}]
        # And no number: a decimal is its digits, without an exponent.
        if any(each.get("format") == "decimal" for each in choices):
            choices = [each for each in choices if each.get("type") != "number"]
        if len(choices) == 1:
            value = {**{key: each for key, each in value.items() if key != "anyOf"}, **choices[0]}
        yield {**parameter, "schema": value}


def _conditions(route: Route) -> Iterator[dict[str, Any]]:
    """Yield the headers that make a request conditional."""
    statuses = route.statuses()
    if route.method == "GET":
        if route.declared.has_etag:
            yield _header("If-None-Match", "The ETag of what the caller has: 304 if it is the same")
    elif 412 in statuses or 428 in statuses:
        yield _header(
            "If-Match",
            "The ETag of the version that the caller has seen",
            required=428 in statuses,
        )


def _idempotency_key(declared: Operation) -> dict[str, Any]:
    parameter = _header(
        idempotency.KEY,
        "Chosen by the caller, such as a UUID. A request that is repeated with the same key is not "
        "executed again: it gets the response of the first one",
        required=declared.idempotent == "required",
    )
    parameter["schema"] |= {
        "minLength": 1,
        "maxLength": idempotency.LONGEST_KEY,
        "pattern": idempotency.PATTERN,
    }
    return parameter


def _header(name: str, description: str, *, required: bool = False) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": required,
        "description": description,
        "schema": {"type": "string"},
    }


def _responses(route: Route, schemas: json_schemas.Schemas) -> dict[str, Any]:
    declared = route.declared
    success: dict[str, Any] = {
        "description": declared.description or HTTPStatus(declared.status).phrase
    }
    if declared.response is not None:
        success["content"] = {JSON: {"schema": schemas[declared.response, "serialization"]}}
    etag = ETAG if declared.has_etag and declared.response is not None else {}
    replayed = REPLAYED if declared.idempotent else {}
    headers = {**HEADERS.get(declared.status, {}), **etag, **replayed, **declared.headers}
    if headers:
        success["headers"] = _headers(headers)
    responses = {str(declared.status): success}
    if declared.has_etag and route.method == "GET":
        responses["304"] = {"description": "Not changed", "headers": _headers(ETAG)}
    for status, meaning in route.statuses().items():
        model = Invalid if status == 400 else Error
        responses[str(status)] = {
            "description": meaning,
            "content": {
                JSON: {
                    "schema": schemas[model, "serialization"],
                    "example": {"message": f"{meaning.rstrip('.')}."},
                }
            },
        }
        headers = HEADERS.get(status, {})
        if status == 409 and declared.idempotent:
            headers = {**headers, **RETRY_AFTER}
        if headers:
            responses[str(status)]["headers"] = _headers(headers)
    return responses


def _headers(headers: Mapping[str, str]) -> dict[str, Any]:
    return {
        name: {"description": description, "schema": {"type": "string"}}
        for name, description in headers.items()
    }


def _security(access: str) -> list[dict[str, list[str]]]:
    if access == "token":
        return [{BEARER: []}]
    if access.startswith("scope "):
        return [{BEARER: [access.removeprefix("scope ")]}]
    if access == "session":
        return [{SESSION: []}]
    return []


def _security_schemes(routes: list[Route], token_help: str) -> dict[str, Any]:
    used = {name for route in routes for each in _security(route.access) for name in each}
    schemes = {
        BEARER: {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": token_help,
        },
        SESSION: {"type": "apiKey", "in": "cookie", "name": "session"},
    }
    return {name: scheme for name, scheme in schemes.items() if name in used}


def _drop_queries(
    routes: list[Route], schemas: json_schemas.Schemas, components: dict[str, Any]
) -> None:
    """Leave out the schemas of query strings: each of their fields is a parameter."""
    for route in routes:
        if route.declared.query and route.declared.query is not route.declared.body:
            reference = schemas[route.declared.query, "validation"]["$ref"]
            components.pop(reference.removeprefix(json_schemas.REFERENCES), None)
