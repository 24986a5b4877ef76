"""What the pages ask of other services: `thoughts` keeps the thoughts, `users` signs people in."""

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

from flask_chassis.clients import upstream
from flask_chassis.clients.errors import BadResponseError, UpstreamResponse
from flask_chassis.web import sessions
from requests.utils import parse_header_links

TOKEN = re.compile(r"Bearer ([A-Za-z0-9._~+/=-]+)")

Made = TypeVar("Made")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Thought:
    """What somebody thought, and when."""

    username: str
    text: str
    timestamp: datetime


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of a list."""

    thoughts: list[Thought]
    total: int
    is_total_exact: bool
    older: str | None
    """What to ask for as `after` to get the next page, if there is one."""


def newest(after: str | None) -> Listing:
    """Return everybody's thoughts, newest first."""
    return _listing("/api/thoughts/", after)


def found(search: str, after: str | None) -> Listing:
    """Return the thoughts with a text in them, newest first."""
    return _listing("/api/thoughts/", after, search=search, count="true")


def own(token: str, after: str | None) -> Listing:
    """Return the thoughts of the one whose token it is, newest first."""
    return _listing("/api/me/thoughts/", after, token=token, count="true")


def write(token: str, text: str) -> None:
    """Save a thought; raises BadResponseError if the response does not confirm it."""
    thoughts = upstream.service("thoughts")
    response = thoughts.post("/api/me/thoughts/", json={"text": text}, token=token)
    _understood(response, lambda kept: int(kept.json()["id"]))


def log_in(username: str, password: str, client: str | None) -> str:
    """Return a token for a username and password; raises RefusedError with 401 if they are wrong.

    The issuer counts failures by the address of the client, which is not that of this service.
    """
    credentials = {"username": username, "password": password}
    response = upstream.service("users").post("/api/login/", json=credentials, client=client)
    return _understood(response, _token)


def log_out(token: str) -> None:
    """Have a token refused from now on."""
    upstream.service("users").post("/api/logout/", token=token)


def _listing(path: str, after: str | None, token: str | None = None, **others: str) -> Listing:
    params = others | ({"after": after} if after else {})
    response = upstream.service("thoughts").get(path, params=params, token=token)
    return _understood(response, _read)


def _understood(response: UpstreamResponse, read: Callable[[UpstreamResponse], Made]) -> Made:
    """Parse a response; raises BadResponseError if it is not as expected."""
    try:
        return read(response)
    except BadResponseError as error:
        fault = error
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        fault = BadResponseError(response.service, f"the body is not as expected: {error!r}")
    log.warning("a response is not usable: %s", fault)
    raise fault


def _read(response: UpstreamResponse) -> Listing:
    thoughts = [_thought(item) for item in response.json()]
    return Listing(
        thoughts,
        total=int(response.headers.get("X-Total-Count", len(thoughts))),
        is_total_exact=response.headers.get("X-Total-Count-Relation", "eq") == "eq",
        older=_older(response.headers.get("Link", "")),
    )


def _thought(item: Any) -> Thought:
    username, text = str(item["username"]), str(item["text"])
    # What no page can be made of is found here: half a character, a time before the first day.
    (username + text).encode()
    return Thought(username, text, datetime.fromisoformat(item["timestamp"]).astimezone(UTC))


def _older(header: str) -> str | None:
    """Return `after` of the next page's address: the address itself is not one of this site."""
    for link in parse_header_links(header) if header else []:
        if link.get("rel") == "next":
            return parse_qs(urlsplit(link["url"]).query)["after"][0]
    return None


def _token(response: UpstreamResponse) -> str:
    token = TOKEN.fullmatch(response.json()["Authorized"])
    if not token or len(token[1]) > sessions.LONGEST_TOKEN:
        # What it is stays unsaid: it may be a token all the same.
        raise ValueError("no token, or one that does not fit into a cookie")
    return token[1]
