"""Exception handlers: every error becomes JSON `{"message", ...}` without internal details."""

import logging
import re
from urllib.parse import urlsplit

from flask import Flask, Response, request
from werkzeug.exceptions import (
    BadRequest,
    ClientDisconnected,
    HTTPException,
    LengthRequired,
    RequestEntityTooLarge,
    RequestURITooLarge,
)
from werkzeug.routing import RequestRedirect
from werkzeug.urls import iri_to_uri

from flask_chassis.clients.errors import UpstreamError
from flask_chassis.http import responses, url_converters
from flask_chassis.settings import Settings

LONGEST_ADDRESS = 8190
"""Of a request's path and query together: what most proxies let through at most."""

LONGEST_LENGTH = 15
"""Of a Content-Length, in digits. uWSGI reads 18446744073709551616, which is 2^64, as 0."""

BROKEN_ESCAPE = re.compile("%(?![0-9A-Fa-f]{2})")

PROTOCOLS = frozenset({"HTTP/1.0", "HTTP/1.1"})

log = logging.getLogger(__name__)


class Invalid(HTTPException):
    """A request that the caller can correct: 400, with what is wrong by field."""

    code = 400
    description = "The request is not valid."

    def __init__(self, errors: dict[str, str]) -> None:
        """`errors` has a sentence for each field that is wrong."""
        super().__init__()
        self.errors = errors


def init_app(app: Flask, settings: Settings) -> None:
    """Register the handlers, for this application's own routes and for Flask-RESTX's alike.

    Call this before routes are added: it restricts numbers in paths to ASCII digits.
    """
    url_converters.init_app(app)
    app.config["MAX_CONTENT_LENGTH"] = settings["http.max_body_bytes"]
    app.config["MAX_FORM_MEMORY_SIZE"] = settings["http.max_body_bytes"]
    app.before_request(refuse_malformed_request)
    app.before_request(refuse_unreadable_address)
    app.before_request(lead_to_closing_slash)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(Exception, unexpected_error)


def refuse_malformed_request() -> None:
    """Refuse what uWSGI passes on although it is not valid HTTP/1.1.

    A proxy and this service must not disagree about where a request ends.
    """
    environ = request.environ
    names = "".join(environ)
    if " " in names or "\t" in names:
        raise BadRequest("There is a space in the name of a header, or before its colon.")
    if environ["SERVER_PROTOCOL"] not in PROTOCOLS or not environ["PATH_INFO"].startswith("/"):
        raise BadRequest("This is not a valid HTTP request.")
    length = environ.get("CONTENT_LENGTH", "")
    encoding = environ.get("HTTP_TRANSFER_ENCODING")
    if encoding is not None:
        if length:
            raise BadRequest("Content-Length and Transfer-Encoding exclude each other.")
        if encoding.lower() != "chunked":
            raise LengthRequired("The only supported Transfer-Encoding is chunked.")
    elif length and not (length.isascii() and length.isdecimal()):
        raise BadRequest("Content-Length is not a number.")
    elif len(length) > LONGEST_LENGTH:
        raise BadRequest(f"Content-Length has more than {LONGEST_LENGTH} digits.")


def refuse_unreadable_address() -> None:
    """Refuse a request whose path or query string cannot be read.

    uWSGI leaves out a long query that its buffer has no room for, and a `%` without two digits:
    a search would list everything, and `DELETE /invoices/1/%` delete invoice 1.
    """
    address = request.environ.get("REQUEST_URI", "")
    if BROKEN_ESCAPE.search(address.partition("?")[0]):
        raise BadRequest("The path has a % without two hexadecimal digits after it.")
    if len(address) > LONGEST_ADDRESS:
        raise RequestURITooLarge(f"The address has more than {LONGEST_ADDRESS} characters.")
    try:
        _ = request.args
    except UnicodeDecodeError:
        raise BadRequest("The query string is not in UTF-8.") from None


def lead_to_closing_slash() -> Response | None:
    """Lead a request for a path without its closing slash to the one with it.

    Flask would do that with scheme and host; behind a proxy, this service knows neither that its
    caller used.
    """
    error = request.routing_exception
    if not isinstance(error, RequestRedirect):
        return None
    location = iri_to_uri(urlsplit(error.new_url)._replace(scheme="", netloc="").geturl())
    if len(location) > LONGEST_ADDRESS:
        raise RequestURITooLarge(f"The address has more than {LONGEST_ADDRESS} characters.")
    message = "The address ends with a slash: see the header Location."
    return responses.json({"message": message}, error.code, {"Location": location})


def http_error(error: HTTPException) -> Response:
    """Answer an error that has a status of its own, with the headers it brings (Allow, …).

    Its caller does not learn why another service failed: the log does, once.
    """
    if isinstance(error, UpstreamError):
        error.log()
    body: dict[str, object] = {"message": _message(error)}
    # Of `Invalid`, and of the errors of the database.
    errors: dict[str, str] | None = getattr(error, "errors", None)
    if errors:
        body["errors"] = errors
    headers = {name: value for name, value in error.get_headers() if name != "Content-Type"}
    return responses.json(body, error.code or 500, headers)


def _message(error: HTTPException) -> str:
    """Return the error's description, or what Werkzeug's leaves out about a request's body."""
    if error.description != type(error).description:
        return error.description or error.name
    if isinstance(error, ClientDisconnected):
        if request.content_length is None:
            return "The chunked body is malformed, or has no end."
        return f"The body is shorter than its Content-Length, {request.content_length} bytes."
    if isinstance(error, RequestEntityTooLarge):
        parts = ""
        if request.mimetype == "multipart/form-data":
            parts = f" A form may have at most {request.max_form_parts} parts."
        return f"The body may have at most {request.max_content_length} bytes.{parts}"
    return error.description or error.name


def unexpected_error(error: Exception) -> Response:
    """Answer 500 and log the traceback; the request id ties the two together."""
    log.error("unexpected error", exc_info=error)
    return responses.json({"message": "Internal server error."}, 500)
