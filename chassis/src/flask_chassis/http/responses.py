"""Creates responses: JSON with orjson, of schemas and of plain values."""

import json as json_of_python
import logging
from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal
from enum import Enum
from typing import Any

import orjson
from flask import Response, request
from werkzeug.exceptions import PreconditionFailed

from flask_chassis.http import etags

log = logging.getLogger(__name__)


def ok(
    data: Any,
    *,
    etag: object = None,
    headers: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    """Return a JSON response with a schema, a list of schemas or any other value.

    `etag` is what changes with the data, such as its revision. A GET whose `If-None-Match` has it
    is answered with 304. Raises 412 for a GET whose `If-Match` has another one.
    """
    response = json(data, status, headers)
    if etag is not None:
        response.set_etag(str(etag))
        if request.method in {"GET", "HEAD"}:
            make_conditional(response)
    return response


def make_conditional(response: Response) -> None:
    """Make a response with an ETag 304 if the caller has it already.

    Raises 412 if the caller asks for another version with `If-Match`.
    """
    etag, _ = response.get_etag()
    if not etags.is_matched(etag):
        raise PreconditionFailed(
            "If-Match has another version's ETag than the present one: leave it out to get that."
        )
    # Werkzeug would compare If-Match once more, and not look at If-None-Match.
    environ = {key: each for key, each in request.environ.items() if key != "HTTP_IF_MATCH"}
    response.make_conditional(environ)


def created(
    data: Any,
    location: str | None = None,
    *,
    etag: object = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return a 201 response; `location` is the address of what was created, from `url_for`."""
    response = ok(data, etag=etag, headers=headers, status=201)
    if location is not None:
        response.headers["Location"] = location
    return response


def no_content() -> Response:
    """Return a 204 response, which has no body."""
    response = Response(status=204)
    del response.headers["Content-Type"]
    return response


def json(data: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a JSON response. Times with a zone come out in ISO 8601 with their offset.

    Schemas, decimals, dates, enums and UUIDs can be anywhere in the data.
    """
    response = Response(_serialized(data), status, mimetype="application/json")
    if headers:
        response.headers.update(headers)
    return response


def _serialized(data: Any) -> bytes:
    """Return data as JSON, whatever it is: a change may be committed by now."""
    if _is_schema(data) or (isinstance(data, list) and data and all(map(_is_schema, data))):
        try:
            return _serialized_schemas(data)
        except ValueError as error:
            # Texts that are not Unicode.
            log.warning("this response cannot be serialized quickly: %s", error)
    try:
        return orjson.dumps(data, default=_plain, option=orjson.OPT_NON_STR_KEYS)
    except TypeError as error:
        # Integers above 64 bits, texts that are not Unicode.
        log.warning("this response cannot be serialized quickly: %s", error)
        return json_of_python.dumps(data, default=_plain).encode()


def _is_schema(value: Any) -> bool:
    # By its method: Pydantic is not imported here, as it is a part of the extra `api`.
    return hasattr(value, "model_dump_json")


def _serialized_schemas(data: Any) -> bytes:
    """Return a schema or a list of schemas as JSON, as Pydantic writes it."""
    if isinstance(data, list):
        return f"[{','.join(each.model_dump_json(by_alias=True) for each in data)}]".encode()
    whole: str = data.model_dump_json(by_alias=True)
    return whole.encode()


def _plain(value: Any) -> Any:
    """Return what stands in JSON for a value that has no form there."""
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json", by_alias=True)
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, (set, frozenset)):
        return list(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (date, time)):
        return value.isoformat()
    return str(value)
