"""Shows errors to people as pages; the paths for machines keep their JSON.

`html_errors.init_app(app, "error.html")` renders that template with `status`, `title`, `text`,
`address` (of the page to try again, if trying again may help) and `request_id`.
"""

import logging

from flask import Flask, current_app, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, InternalServerError

from . import errors, request_ids
from .upstream_errors import BadAnswerError, RefusedError, UpstreamError

MACHINES = ("/admin/", "/health/")
"""The beginnings of the paths that no person visits."""

OTHER = ("This did not work", "The request could not be answered.")
TEXTS = {
    400: (
        "This request cannot be understood",
        "Something in the address or in the form is not as expected. Go back and try again.",
    ),
    403: ("You may not do this", "Your account does not allow it."),
    404: (
        "Page not found",
        "There is nothing at this address. It may have been mistyped, or have moved.",
    ),
    405: ("This address works otherwise", "The page cannot be asked for in this way."),
    413: ("This is too much at once", "What you sent is too large. Go back and shorten it."),
    414: ("The address is too long", "Go back and search for something shorter."),
    429: ("Too many attempts", "Please wait for a while, then try again."),
    500: (
        "Something went wrong",
        "This is our fault, not yours, and it has been noted. Please try again later.",
    ),
    502: (
        "Something went wrong",
        "A part of this site does not work as it should, and that has been noted.",
    ),
    503: (
        "Not available at the moment",
        "A part of this site does not answer right now. Please try again in a moment.",
    ),
}

PASSED_ON = frozenset({400, 403, 404, 413, 414, 429})
"""What another service's refusal means for a person just as well; any other is a fault here."""

log = logging.getLogger(__name__)


def init_app(app: Flask, template: str) -> None:
    """Take the place of the handlers that answer JSON."""
    app.extensions["error_template"] = template
    app.register_error_handler(HTTPException, respond)
    app.register_error_handler(Exception, _unexpected_error)


def respond(error: HTTPException) -> ResponseReturnValue:
    """Answer an error as whoever asks can read it."""
    if is_for_machines():
        return errors.http_error(error)
    status = status_of(error)
    title, text = TEXTS.get(status, OTHER)
    # A link does not send a form again.
    may_retry = status >= 500 and request.method == "GET"
    page = render_template(
        current_app.extensions["error_template"],
        status=status,
        title=title,
        text=text,
        address=request.full_path.rstrip("?") if may_retry else None,
        request_id=request_ids.current(),
    )
    headers = {name: value for name, value in error.get_headers() if name != "Content-Type"}
    return page, status, headers


def is_for_machines() -> bool:
    """Whether the request is for a path that no person visits."""
    return request.path.startswith(MACHINES)


def status_of(error: HTTPException) -> int:
    """Return the status of the page: a service that is down or slow is 503 for a person."""
    if isinstance(error, RefusedError):
        return error.status if error.status in PASSED_ON else 502
    if isinstance(error, UpstreamError):
        return 502 if isinstance(error, BadAnswerError) else 503
    return error.code or 500


def _unexpected_error(error: Exception) -> ResponseReturnValue:
    answer = errors.unexpected_error(error)
    if is_for_machines():
        return answer
    try:
        return respond(InternalServerError())
    except Exception as fault:
        # It may be the page itself that is broken.
        log.error("the page for errors is broken", exc_info=fault)
        return answer
