"""Sends one HTTP request to another service, with time-outs, a deadline and a size limit."""

import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPException, IncompleteRead, RemoteDisconnected
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
import urllib3

from flask_chassis.clients.deadline import Deadline, DeadlineAdapter
from flask_chassis.clients.errors import (
    BadResponseError,
    LostResponseError,
    RefusedError,
    RequestTooLongError,
    TooSlowError,
    UnreachableError,
    UpstreamResponse,
)

UNAVAILABLE = 503
LOST = frozenset({502, 504})
"""The statuses of a proxy that sent the request to the service and got no valid response."""

CHUNK_BYTES = 65_536

LONGEST_ADDRESS = 8190
"""Of path and query together, as in flask_chassis.http.errors."""

LARGEST_HEAD = 30_000
"""Of the headers and twice the address: less than the buffer of a service, 32,768 bytes."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The time-outs of a call, its number of attempts, and the maximum size of a response body."""

    connect_seconds: float
    read_seconds: float
    total_seconds: float
    attempts: int
    max_response_bytes: int


class _TooLong(requests.RequestException):
    """The request is not sent."""


class _Adapter(DeadlineAdapter):
    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]  # requests passes them by name
        """Send a request that the other side can read."""
        address = len(request.path_url)
        head = sum(len(name) + len(value) for name, value in request.headers.items()) + 2 * address
        if address > LONGEST_ADDRESS or head > LARGEST_HEAD:
            raise _TooLong(f"the address has {address} characters, all of the head {head}")
        return super().send(request, **options)


def new_session(pool_size: int) -> requests.Session:
    """Return a session with a connection pool, without cookies, proxies and `~/.netrc`.

    The threads of a worker share it. That is safe because it does not change once it is created:
    the connection pool has its own locks, and the cookie jar rejects all cookies. Otherwise a
    cookie from the response to one user would be sent with the request of another.
    """
    session = requests.Session()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    # Ignores proxies and ~/.netrc, whose password would replace the token of the user.
    session.trust_env = False
    session.verify = os.environ.get("REQUESTS_CA_BUNDLE", True)
    # A compressed body of a kilobyte may expand to a megabyte.
    session.headers["Accept-Encoding"] = "identity"
    session.headers["Accept"] = "application/json"
    adapter = _Adapter(pool_maxsize=pool_size)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


def exchange(
    session: requests.Session,
    service: str,
    limits: Limits,
    deadline: float,
    **request: Any,
) -> UpstreamResponse:
    """Send one request and return its 2xx response.

    `deadline` is a time of `time.monotonic()`, until which the whole response must have arrived:
    headers and body. Then the connection is ended, so that no thread is held for longer.
    `request` is passed to `requests.Session.request`.

    Raises TooSlowError after a time-out, UnreachableError if no connection can be opened,
    LostResponseError if the connection is lost, RefusedError for a 4xx response,
    RequestTooLongError if no service would read the request, and BadResponseError for any other
    response that is not usable.
    """
    with Deadline(deadline) as until:
        try:
            response = _exchange(session, service, limits, deadline, **request)
        except (TooSlowError, LostResponseError, BadResponseError):
            if not until.has_ended_it:
                raise
        if not until.has_ended_it:
            return _checked(response)
    raise TooSlowError(service, f"no complete response within {limits.total_seconds} s")


def _exchange(
    session: requests.Session,
    service: str,
    limits: Limits,
    deadline: float,
    **request: Any,
) -> UpstreamResponse:
    remaining = max(deadline - time.monotonic(), 0.001)
    timeout = (min(limits.connect_seconds, remaining), min(limits.read_seconds, remaining))
    try:
        with session.request(
            **request, timeout=timeout, stream=True, allow_redirects=False
        ) as response:
            body = b"".join(_chunks(response, service, limits, deadline))
    except _TooLong as error:
        raise RequestTooLongError(service, str(error)) from None
    except (requests.ReadTimeout, urllib3.exceptions.ReadTimeoutError) as error:
        raise TooSlowError(service, f"no response within {timeout[1]:.1f} s") from error
    except requests.ConnectTimeout as error:
        raise UnreachableError(service, f"no connection within {timeout[0]:.1f} s") from error
    except (requests.ConnectionError, urllib3.exceptions.ProtocolError) as error:
        if _is_invalid_http(error):
            raise BadResponseError(service, f"the response is not valid HTTP: {error}") from error
        if _was_not_sent(error):
            raise UnreachableError(service, _cause(error)) from error
        raise LostResponseError(service, _cause(error)) from error
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise BadResponseError(service, str(error)) from error
    return UpstreamResponse(service, response.status_code, response.headers, body)


def _chunks(
    response: requests.Response, service: str, limits: Limits, deadline: float
) -> Iterator[bytes]:
    read = 0
    while chunk := response.raw.read1(CHUNK_BYTES, decode_content=False):
        read += len(chunk)
        if read > limits.max_response_bytes:
            raise BadResponseError(
                service, f"the response has more than {limits.max_response_bytes} bytes"
            )
        if time.monotonic() > deadline:
            raise TooSlowError(service, f"no complete response within {limits.total_seconds} s")
        yield chunk


def _is_invalid_http(error: BaseException | None) -> bool:
    """Return whether the response is not valid HTTP, as opposed to missing or incomplete."""
    while error is not None:
        if isinstance(error, HTTPException):
            return not isinstance(error, RemoteDisconnected | IncompleteRead)
        error = error.__cause__ or error.__context__
    return False


def _was_not_sent(error: BaseException | None) -> bool:
    """Return whether no connection could be opened, so that the request was never sent."""
    while error is not None:
        if isinstance(error, urllib3.exceptions.NewConnectionError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _cause(error: BaseException) -> str:
    """Return the error message of the operating system, or else that of the library.

    The messages of the libraries contain the `repr` of their objects.
    """
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return f"it cannot be reached ({cause.strerror})"
        cause = cause.__cause__ or cause.__context__
    return str(error)


def _checked(response: UpstreamResponse) -> UpstreamResponse:
    """Return a 2xx response, and raise the exception for any other."""
    service, status = response.service, response.status
    if 200 <= status < 300:
        encoding = _header(response.headers, "Content-Encoding")
        if encoding not in {"", "identity"}:
            raise BadResponseError(service, f"the body has the unsupported encoding {encoding}")
        return response
    if status == UNAVAILABLE:
        raise UnreachableError(service, f"responded {status}")
    if status in LOST:
        raise LostResponseError(service, f"responded {status}")
    if 400 <= status < 500:
        raise RefusedError(response)
    raise BadResponseError(service, f"responded {status}")


def _header(headers: Mapping[str, str], name: str) -> str:
    return headers.get(name, "").lower()
