"""Documents that the chassis makes, of an API with one path."""

import json
from collections.abc import Mapping
from typing import Any

from flask import Flask
from flask_chassis.auth import access
from flask_chassis.auth.authentication import scope_required, token_required
from flask_chassis.http import openapi_document
from flask_chassis.http.operations import operation
from flask_chassis.http.schemas import Schema
from pydantic import create_model

Fields = Mapping[str, Any]

ACCESS = {
    "public": access.public,
    "token": token_required,
    "admin": scope_required("admin"),
    "write": scope_required("write"),
}


def document(
    *,
    body: Fields | None = None,
    query: Fields | None = None,
    response: Fields | None = None,
    who: str = "public",
    path: str = "/api/bills/",
    version: str = "1.0",
    **options: Any,
) -> dict[str, Any]:
    """Return the document of `POST /api/bills/`, whose schemas have these fields."""
    app = Flask("planted")
    schemas = {"body": body, "query": query, "response": response}
    models = {
        name: create_model(name.title(), __base__=Schema, **fields)
        for name, fields in schemas.items()
        if fields is not None
    }

    @ACCESS[who]
    @operation(**{"status": 204, **({"status": 200} if response else {}), **models, **options})
    def post(**arguments: Any) -> None:
        """Write a bill."""

    app.add_url_rule(path, "bills", post, methods=["POST"])
    made = openapi_document.build(app, {"title": "Bills", "version": version}, {}, "")
    found: dict[str, Any] = json.loads(json.dumps(made))
    return found
