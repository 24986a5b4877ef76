"""Request id of each request, from the header `X-Request-ID` or generated.

The id is in every log record of the request and in the response:

    curl -i -H 'X-Request-ID: order-17' http://localhost:8080/health/live
"""

import re
from contextvars import ContextVar
from random import getrandbits
from wsgiref.types import WSGIEnvironment

HEADER = "X-Request-ID"

ENVIRON_KEY = "service.request_id"
"""Where other threads find the id of a request that is not theirs."""

# The id is sent back in a header and logged, so no other characters are accepted.
_ACCEPTED = re.compile(r"[A-Za-z0-9._-]{1,64}")

current_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""Set by the middleware."""


def current() -> str | None:
    """Return the id of the current request, or None outside of a request."""
    return current_id.get()


def assign(environ: WSGIEnvironment) -> str:
    """Return the id of a request, and store it in `environ`."""
    given: str = environ.get("HTTP_X_REQUEST_ID", "")
    # The id is not a secret, so it does not need the kernel's random numbers.
    identifier = given if _ACCEPTED.fullmatch(given) else f"{getrandbits(128):032x}"
    environ[ENVIRON_KEY] = identifier
    return identifier
