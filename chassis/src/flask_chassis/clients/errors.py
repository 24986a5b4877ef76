"""Exceptions of calls to other services, with the HTTP status that an API returns for each.

A view need not catch them: the exception handler returns 502, 503 or 504, and never passes the
status of the other service on to the caller, such as 401 or 500; it logs the reason. A view that
can do better, for example let the user sign in again, catches `RefusedError` and reads its
`upstream_response`.
"""

import json
import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from werkzeug.exceptions import HTTPException

RETRY_AFTER_SECONDS = "2"

ABOUT_TIME = frozenset({409, 429})

QUOTES_A_VALUE = {
    "union_tag_invalid": "Input should have one of the expected tags",
    "uuid_parsing": "Input should be a valid UUID",
}
"""What is logged instead of Pydantic's messages that quote the body, by type of error."""

Kind = TypeVar("Kind")

log = logging.getLogger(__name__)


class UpstreamError(HTTPException):
    """A call to another service failed. `service` is its name in settings.yaml."""

    code = 502
    outcome = "bad"
    template = "The service {} did not return a valid response."

    def __init__(self, service: str, reason: str) -> None:
        """`reason` is logged and not sent to the caller: it may contain internal addresses."""
        super().__init__(self.template.format(service))
        self.service = service
        self.reason = reason
        self._is_logged = False

    def __str__(self) -> str:
        """Return the service and the reason, for the log."""
        return f"{self.service}: {self.reason}"

    def log(self, what: str = "a response is not usable") -> None:
        """Log the service and the reason, unless this error was logged before.

        The client logs calls that fail, and the exception handler every error that nobody caught.
        A view that catches the error of `read` or `json` and shows a page may log it with this.
        """
        if not self._is_logged:
            log.warning("%s: %s", what, self)
        self._is_logged = True


class UnreachableError(UpstreamError):
    """The service cannot be reached, or responded 503. A retry may succeed."""

    code = 503
    outcome = "unreachable"
    template = "The service {} cannot be reached. Try again in a moment."

    def get_headers(self, *arguments: Any, **named: Any) -> list[tuple[str, str]]:
        """Return the headers of the response, with `Retry-After`."""
        return [*super().get_headers(*arguments, **named), ("Retry-After", RETRY_AFTER_SECONDS)]


class CircuitOpenError(UnreachableError):
    """The service was not called, because the calls before this one failed."""

    outcome = "open"


class LostResponseError(UnreachableError):
    """The request was sent, but no response arrived. The service may have processed it."""

    outcome = "lost"
    template = "The connection to the service {} was lost before its response arrived."


class TooSlowError(UpstreamError):
    """The service did not respond before the time-out. It may have processed the request."""

    code = 504
    outcome = "slow"
    template = "The service {} did not respond in time."


class BadResponseError(UpstreamError):
    """The response is not usable: a server error, a redirect, or invalid HTTP or JSON."""


@dataclass(frozen=True, slots=True)
class UpstreamResponse:
    """The response of another service."""

    service: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body, parsed as JSON; raises BadResponseError if it is not valid JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise BadResponseError(self.service, f"the body is not valid JSON: {error}") from error

    def read(self, kind: type[Kind]) -> Kind:
        """Return the body as a value of a type: a Pydantic model, `list[Model]`.

        The models of a generated client ignore fields that they do not know. Raises
        BadResponseError if a field is missing or has another type.
        """
        # Services that call no others use this module, too, and need no Pydantic.
        from pydantic import ValidationError

        from flask_chassis.clients.models import parsed

        try:
            return parsed(kind, self.body)
        except ValidationError as error:
            # Without the values, which may be secret.
            [first, *_] = error.errors(
                include_url=False, include_context=False, include_input=False
            )
            place = ".".join(map(str, first["loc"])) or "the body"
            name = kind.__qualname__ if isinstance(kind, type) else kind
            message = QUOTES_A_VALUE.get(first["type"], first["msg"])
            reason = f"the body is not a valid {name}: {place}: {message}"
            raise BadResponseError(self.service, reason) from None


class RequestTooLongError(UpstreamError):
    """The request was not sent: its address or its headers are longer than services read.

    A service does not answer such a request, so that it looks like one that is down. Bound what a
    caller gives where it enters: each `ä` of a search is six characters in an address.
    """

    code = 414
    outcome = "too_long"
    template = "This is too long to be sent to the service {}."


class RefusedError(UpstreamError):
    """The service refused the request with a 4xx status.

    Retrying the same request is useless, unless `retry_after_seconds` says when it is not.
    """

    outcome = "refused"

    def __init__(self, response: UpstreamResponse) -> None:
        """`response` is the response with the 4xx status."""
        super().__init__(response.service, f"refused with {response.status}")
        # Not `response`: Werkzeug would send an attribute of that name to the caller.
        self.upstream_response = response

    @property
    def status(self) -> int:
        """The status of the response, 400 to 499."""
        return self.upstream_response.status

    @property
    def retry_after_seconds(self) -> float:
        """The time until a retry may succeed; infinite without a valid `Retry-After`.

        Only 409, "still running", and 429, "too many requests", are about time.
        """
        value = self.upstream_response.headers.get("Retry-After")
        if value is None or self.status not in ABOUT_TIME:
            return math.inf
        # Services that call no others use this module, too, and have no urllib3.
        from urllib3.exceptions import InvalidHeader
        from urllib3.util.retry import Retry

        try:
            return float(Retry().parse_retry_after(value))
        except InvalidHeader:
            return math.inf

    @property
    def errors(self) -> dict[str, str]:
        """The validation errors by field (`errors` in the body); empty if none exist."""
        errors = self._body().get("errors")
        if not isinstance(errors, dict):
            return {}
        return {str(field): str(message) for field, message in errors.items()}

    @property
    def message(self) -> str:
        """The error message (`message` in the body), or an empty string."""
        message = self._body().get("message")
        return message if isinstance(message, str) else ""

    def _body(self) -> dict[str, Any]:
        try:
            body = self.upstream_response.json()
        except BadResponseError:
            return {}
        return body if isinstance(body, dict) else {}
