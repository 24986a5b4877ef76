"""Makes the JSON responses."""

from collections.abc import Mapping
from typing import Any

import orjson
from flask import Response


def json(data: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a JSON response. Times with a zone come out in ISO 8601 with their offset."""
    body = orjson.dumps(data)
    response = Response(body, status, mimetype="application/json")
    if headers:
        response.headers.update(headers)
    return response


def no_content() -> Response:
    """Return a 204 response, which has no body.

    It has a type all the same: a Swagger 2.0 document says of all answers alike which they have.
    """
    return Response(status=204, mimetype="application/json")
