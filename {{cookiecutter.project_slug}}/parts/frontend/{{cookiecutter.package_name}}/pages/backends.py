"""What the pages ask of other services: `thoughts` keeps the thoughts, `users` signs people in."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from typing import TypeVar
from urllib.parse import parse_qs, urlsplit

from flask_chassis.clients import upstream
from flask_chassis.clients.errors import BadResponseError, RefusedError, UpstreamResponse
from flask_chassis.web import sessions
from requests.utils import parse_header_links

from ..clients.thoughts.models import NewThought, ThoughtDetails
from ..clients.users.models import Credentials, LoggedIn

CHECK_SECONDS = 1.0
"""How long a page waits to know whether somebody has signed out; after that it is shown."""

TOKEN = re.compile(r"Bearer ([A-Za-z0-9._~+/=-]+)")

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of a list."""

    thoughts: list[ThoughtDetails]
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
    new = NewThought(text=text)
    response = upstream.service("thoughts").post("/api/me/thoughts/", json=new, token=token)
    _understood(response, lambda kept: kept.read(ThoughtDetails))


def log_in(username: str, password: str, client: str | None) -> str:
    """Return a token for a username and password; raises RefusedError with 401 if they are wrong.

    The issuer counts failures by the address of the client, which is not that of this service.
    """
    credentials = Credentials(username=username, password=password)
    response = upstream.service("users").post("/api/login/", json=credentials, client=client)
    return _understood(response, _token)


def log_out(token: str) -> None:
    """Have a token refused from now on."""
    upstream.service("users").post("/api/logout/", token=token)


def is_signed_in(token: str) -> bool:
    """Return whether a token is good for something still: nobody has signed out with it."""
    users = upstream.service("users")
    try:
        users.call("GET", "/api/me/", token=token, retry=False, total_seconds=CHECK_SECONDS)
    except RefusedError as refusal:
        return refusal.status != 401
    return True


def _listing(path: str, after: str | None, token: str | None = None, **others: str) -> Listing:
    params = others | ({"after": after} if after else {})
    response = upstream.service("thoughts").get(path, params=params, token=token)
    return _understood(response, _page)


def _understood(response: UpstreamResponse, read: Callable[[UpstreamResponse], Made]) -> Made:
    """Parse a response; raises BadResponseError if it is not as expected."""
    try:
        return read(response)
    except BadResponseError as error:
        fault = error
    except (KeyError, ValueError, OverflowError) as error:
        fault = BadResponseError(response.service, f"the response is not as expected: {error!r}")
    # Here, as some pages show a form in the place of the error; it is not logged again.
    fault.log()
    raise fault


def _page(response: UpstreamResponse) -> Listing:
    thoughts = response.read(list[ThoughtDetails])
    for thought in thoughts:
        # A time that has no date in UTC, such as one before the first day, is an OverflowError.
        thought.timestamp = thought.timestamp.astimezone(UTC)
    return Listing(
        thoughts,
        total=int(response.headers.get("X-Total-Count", len(thoughts))),
        is_total_exact=response.headers.get("X-Total-Count-Relation", "eq") == "eq",
        older=_older(response.headers.get("Link", "")),
    )


def _older(header: str) -> str | None:
    """Return `after` of the next page's address: the address itself is not one of this site."""
    for link in parse_header_links(header) if header else []:
        if link.get("rel") == "next":
            return parse_qs(urlsplit(link["url"]).query)["after"][0]
    return None


def _token(response: UpstreamResponse) -> str:
    token = TOKEN.fullmatch(response.read(LoggedIn).Authorized)
    if not token or len(token[1]) > sessions.LONGEST_TOKEN:
        # What it is stays unsaid: it may be a token all the same.
        raise ValueError("no token, or one that does not fit into a cookie")
    return token[1]
