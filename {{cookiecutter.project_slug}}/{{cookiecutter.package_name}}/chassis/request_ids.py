"""One identifier for each request, taken from the caller or made here, in every log record.

It goes back to the caller with the answer:

    curl -i -H 'X-Request-ID: order-17' http://localhost:8080/health/live
"""

import re
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from random import getrandbits
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Flask

from .settings import Settings

HEADER = "X-Request-ID"

# Where other threads find the identifier of a request that is not theirs.
ENVIRON_KEY = "service.request_id"

# It comes back in a header and in log lines, so nothing else is let in.
_ACCEPTED = re.compile(r"[A-Za-z0-9._-]{1,64}")

_current: ContextVar[str | None] = ContextVar("request_id", default=None)


def current() -> str | None:
    """Return the identifier of the request being handled, if one is."""
    return _current.get()


def init_app(app: Flask, settings: Settings) -> None:
    """Give every request an identifier and send it back with every answer."""
    wsgi_app = app.wsgi_app

    def identified(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        given = environ.get("HTTP_X_REQUEST_ID", "")
        # Nobody is kept from guessing it, so it costs no question to the kernel.
        identifier = given if _ACCEPTED.fullmatch(given) else f"{getrandbits(128):032x}"
        environ[ENVIRON_KEY] = identifier

        def start(
            status: str, headers: list[tuple[str, str]], *rest: Any
        ) -> Callable[[bytes], object]:
            return start_response(status, [*headers, (HEADER, identifier)], *rest)

        token = _current.set(identifier)
        try:
            return wsgi_app(environ, start)
        finally:
            _current.reset(token)

    app.wsgi_app = identified  # type: ignore[method-assign]
