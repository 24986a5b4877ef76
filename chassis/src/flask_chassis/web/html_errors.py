"""Exception handlers that render error pages in HTML; `/admin/` and `/health/` keep JSON.

`html_errors.init_app(app, "error.html")` renders that template with `status`, `title`, `text`,
`address` (the URL for a link to try again, or None if that is useless) and `request_id`.
"""

import logging

from flask import Flask, current_app, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, InternalServerError

from flask_chassis.clients.errors import (
    BadResponseError,
    RefusedError,
    RequestTooLongError,
    UpstreamError,
)
from flask_chassis.http import errors, request_id
from flask_chassis.web.safe_redirect import address_of_request

MACHINES = ("/admin/", "/health/")
"""Prefixes of the paths that only programs request, whose errors are JSON."""

OTHER = ("This did not work", "The request could not be processed.")
"""The title and text for a status that is not in TEXTS."""

TEXTS = {
    400: (
        "This request cannot be understood",
        "Something in the address or in the form is not as expected. Go back and try again.",
    ),
    403: ("You may not do this", "Your account does not have the permission."),
    404: (
        "Page not found",
        "No page exists at this address. It may be mistyped, or the page may have moved.",
    ),
    405: ("Method not allowed", "This page does not support this kind of request."),
    409: (
        "This does not fit what is saved now",
        "It may exist already, or somebody may have changed it. Go back and look at it again.",
    ),
    410: ("This does not exist any more", "Somebody may have deleted it."),
    412: (
        "This was changed in the meantime",
        "Somebody has changed it since you opened the page. Go back and look at it again.",
    ),
    413: ("This is too much at once", "What you sent is too large. Go back and shorten it."),
    414: ("The address is too long", "Go back and search for something shorter."),
    422: (
        "This was not accepted",
        "Something that you entered is not as it must be. Go back, check it, and try again.",
    ),
    429: ("Too many attempts", "Please wait for a while, then try again."),
    500: (
        "Something went wrong",
        "This is our fault, not yours, and it has been logged. Please try again later.",
    ),
    502: (
        "Something went wrong",
        "A part of this site does not work as expected, and that has been logged.",
    ),
    503: (
        "Not available at the moment",
        "A part of this site does not respond right now. Please try again in a moment.",
    ),
}

PASSED_ON = frozenset({400, 403, 404, 409, 410, 412, 413, 414, 422, 429})
"""The 4xx statuses of other services that are passed on to the user; any other becomes 502."""

log = logging.getLogger(__name__)


def init_app(app: Flask, template: str) -> None:
    """Replace the exception handlers of `flask_chassis.http.errors`, which respond with JSON.

    `template` is the name of the template of error pages.
    """
    app.extensions["error_template"] = template
    app.register_error_handler(HTTPException, respond)
    app.register_error_handler(Exception, _unexpected_error)


def respond(error: HTTPException) -> ResponseReturnValue:
    """Return the response to an HTTP error: JSON for the paths in MACHINES, else a page."""
    if is_for_machines():
        return errors.http_error(error)
    if isinstance(error, UpstreamError):
        error.log()
    status = status_of(error)
    title, text = TEXTS.get(status, OTHER)
    # A link cannot send a form again.
    may_retry = status >= 500 and request.method == "GET"
    page = render_template(
        current_app.extensions["error_template"],
        status=status,
        title=title,
        text=text,
        address=address_of_request() if may_retry else None,
        request_id=request_id.current(),
    )
    headers = {name: value for name, value in error.get_headers() if name != "Content-Type"}
    return page, status, headers


def is_for_machines() -> bool:
    """Return whether only programs request the path of the request."""
    return request.path.startswith(MACHINES)


def status_of(error: HTTPException) -> int:
    """Return the status of the error page: 503 if another service is down or slow."""
    if isinstance(error, RefusedError):
        return error.status if error.status in PASSED_ON else 502
    if isinstance(error, RequestTooLongError):
        return 414
    if isinstance(error, UpstreamError):
        return 502 if isinstance(error, BadResponseError) else 503
    return error.code or 500


def _unexpected_error(error: Exception) -> ResponseReturnValue:
    response = errors.unexpected_error(error)
    if is_for_machines():
        return response
    try:
        return respond(InternalServerError())
    except Exception as template_error:
        # The template of error pages may itself be the cause.
        log.error("cannot render the error page", exc_info=template_error)
        return response
