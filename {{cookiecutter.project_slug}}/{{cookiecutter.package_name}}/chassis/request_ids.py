"""One identifier for each request: taken from the caller or made here, in every log record and answer.

    curl -i -H 'X-Request-ID: order-17' http://localhost:8080/health/live
"""

import re
from uuid import uuid4

from flask import Flask, Response, g, has_request_context, request

from .settings import Settings

HEADER = "X-Request-ID"

# What comes from outside ends up in log lines and headers, so nothing else is let in.
_ACCEPTED = re.compile(r"[A-Za-z0-9._-]{1,64}")


def init_app(app: Flask, settings: Settings) -> None:
    """Give every request an identifier and send it back with every answer."""
    app.before_request(_assign)
    app.after_request(_answer)


def current() -> str | None:
    """Return the identifier of the request being handled, if one is."""
    return g.get("request_id") if has_request_context() else None


def _assign() -> None:
    given = request.headers.get(HEADER, "")
    g.request_id = given if _ACCEPTED.fullmatch(given) else uuid4().hex


def _answer(response: Response) -> Response:
    response.headers[HEADER] = g.request_id
    return response
