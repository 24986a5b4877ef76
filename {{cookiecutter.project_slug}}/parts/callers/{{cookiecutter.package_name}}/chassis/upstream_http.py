"""One exchange with another service over HTTP, bounded in time and in size."""

import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPException, IncompleteRead, RemoteDisconnected
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter

from .upstream_errors import (
    Answer,
    BadAnswerError,
    LostAnswerError,
    RefusedError,
    TooSlowError,
    UnreachableError,
)

UNAVAILABLE = 503
LOST = frozenset({502, 504})
"""What a proxy answers that has asked the service, and got no answer that it could pass on."""

PIECE = 65_536


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a call may take, how often it is tried, how much may come back."""

    connect_seconds: float
    read_seconds: float
    total_seconds: float
    attempts: int
    largest_answer: int


def new_session(pool_size: int) -> requests.Session:
    """Return the one session of a worker, which keeps connections and nothing else.

    Its threads share it. That is safe since nothing changes in it once it is made: the pool of
    connections has locks of its own, and the jar takes no cookies, which would otherwise travel
    from one user's answer to the next one's request.
    """
    session = requests.Session()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    # Neither proxies nor ~/.netrc, which would put its password in the place of the user's token.
    session.trust_env = False
    session.verify = os.environ.get("REQUESTS_CA_BUNDLE", True)
    # A gzipped kilobyte may be a megabyte: bodies come as they are.
    session.headers["Accept-Encoding"] = "identity"
    session.headers["Accept"] = "application/json"
    adapter = HTTPAdapter(pool_maxsize=pool_size)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


def exchange(
    session: requests.Session,
    service: str,
    limits: Limits,
    deadline: float,
    **request: Any,
) -> Answer:
    """Send one request and return its answer, where that is a 2xx; an UpstreamError otherwise.

    `deadline` is a time of `time.monotonic()`. It holds for the body too, however slowly it drips.
    """
    rest = max(deadline - time.monotonic(), 0.001)
    timeout = (min(limits.connect_seconds, rest), min(limits.read_seconds, rest))
    try:
        with session.request(
            **request, timeout=timeout, stream=True, allow_redirects=False
        ) as response:
            body = b"".join(_pieces(response, service, limits, deadline))
    except (requests.ReadTimeout, urllib3.exceptions.ReadTimeoutError) as error:
        raise TooSlowError(service, f"no answer within {timeout[1]:.1f} s") from error
    except requests.ConnectTimeout as error:
        raise UnreachableError(service, f"no connection within {timeout[0]:.1f} s") from error
    except (requests.ConnectionError, urllib3.exceptions.ProtocolError) as error:
        if _is_garbage(error):
            raise BadAnswerError(service, f"not HTTP: {error}") from error
        if _was_not_sent(error):
            raise UnreachableError(service, _cause(error)) from error
        raise LostAnswerError(service, _cause(error)) from error
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise BadAnswerError(service, str(error)) from error
    return _judged(Answer(service, response.status_code, response.headers, body))


def _pieces(
    response: requests.Response, service: str, limits: Limits, deadline: float
) -> Iterator[bytes]:
    read = 0
    while piece := response.raw.read1(PIECE, decode_content=False):
        read += len(piece)
        if read > limits.largest_answer:
            raise BadAnswerError(service, f"the answer has more than {limits.largest_answer} bytes")
        if time.monotonic() > deadline:
            raise TooSlowError(service, f"no whole answer within {limits.total_seconds} s")
        yield piece


def _is_garbage(error: BaseException | None) -> bool:
    """Whether something answered that is no HTTP: not whether nothing answered any more."""
    while error is not None:
        if isinstance(error, HTTPException):
            return not isinstance(error, RemoteDisconnected | IncompleteRead)
        error = error.__cause__ or error.__context__
    return False


def _was_not_sent(error: BaseException | None) -> bool:
    """Whether there was no connection that the request could have been sent over."""
    while error is not None:
        if isinstance(error, urllib3.exceptions.NewConnectionError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _cause(error: BaseException) -> str:
    """Say what the system said, if it did: the libraries' own words name their objects."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return f"it cannot be reached ({cause.strerror})"
        cause = cause.__cause__ or cause.__context__
    return str(error)


def _judged(answer: Answer) -> Answer:
    if 200 <= answer.status < 300:
        encoding = _header(answer.headers, "Content-Encoding")
        if encoding not in {"", "identity"}:
            raise BadAnswerError(answer.service, f"the body is encoded as {encoding}")
        return answer
    if answer.status == UNAVAILABLE:
        raise UnreachableError(answer.service, f"answered {answer.status}")
    if answer.status in LOST:
        raise LostAnswerError(answer.service, f"answered {answer.status}")
    if 400 <= answer.status < 500:
        raise RefusedError(answer)
    raise BadAnswerError(answer.service, f"answered {answer.status}")


def _header(headers: Mapping[str, str], name: str) -> str:
    return headers.get(name, "").lower()
