"""Calls of other services: one stores what users write, `users` signs them in."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from hashlib import sha256
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

from flask_chassis.clients import upstream
from flask_chassis.clients.errors import (
    BadResponseError,
    RefusedError,
    UpstreamError,
    UpstreamResponse,
)
from flask_chassis.web import sessions
from requests.utils import parse_header_links

from ..clients.users.models import Credentials, LoggedIn, TokenDetails

# Its place in the order depends on its name.
# isort: split
from ..clients.{{ cookiecutter.resource_plural }} import models

ALL, OWN = "/api/{{ cookiecutter.resource_plural }}/", "/api/me/{{ cookiecutter.resource_plural }}/"

CHECK_SECONDS = 1.0
"""How long a page waits for the answer whether a user has signed out, before it is shown anyway."""

TOKEN = re.compile(r"Bearer ([A-Za-z0-9._~+/=-]+)")

ETAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e]{1,200}"')

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of a list."""

    items: list[models.{{ cookiecutter.__resource_class }}Details]
    total: int
    is_total_exact: bool
    older: str | None
    """What to ask for as `after` to get the next page, if there is one."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One of what people wrote."""

    item: models.{{ cookiecutter.__resource_class }}Details
    version: str
    """Its ETag, or a hash of what it is if the service gives none."""


class ChangedError(Exception):
    """It is not the version any more that was to be changed or deleted."""


def newest(after: str | None) -> Listing:
    """Return everybody's, newest first."""
    return _listing(ALL, after)


def found(search: str, after: str | None) -> Listing:
    """Return those with a text in them, newest first."""
    return _listing(ALL, after, search=search, count="true")


def own(token: str, after: str | None) -> Listing:
    """Return what the one wrote whose token it is, newest first."""
    return _listing(OWN, after, token=token, count="true")


def one(id: int) -> Kept:
    """Return one; raises RefusedError with 404 if it does not exist."""
    return _understood(_service().get(f"{ALL}{id}/"), _kept)


def write(token: str, text: str) -> None:
    """Save a new one; raises BadResponseError if the response does not confirm it."""
    new = models.New{{ cookiecutter.__resource_class }}(text=text)
    response = _service().post(OWN, json=new, token=token)
    _understood(response, _kept)


def change(token: str, id: int, text: str, version: str) -> None:
    """Save another text; raises ChangedError if that would replace another version."""
    changes = models.{{ cookiecutter.__resource_class }}Changes(text=text)
    _understood(_call_unless_changed("PATCH", token, id, version, json=changes), _kept)


def delete(token: str, id: int, version: str) -> None:
    """Delete one, or find it deleted; raises ChangedError if it is another version by now."""
    try:
        _call_unless_changed("DELETE", token, id, version)
    except RefusedError as refusal:
        if refusal.status != 404:
            raise


def log_in(username: str, password: str, client: str | None) -> str:
    """Return a token for a username and password; raises RefusedError with 401 if they are wrong.

    The issuer counts failures by the address of the client, which is not that of this service.
    """
    credentials = Credentials(username=username, password=password)
    response = upstream.service("users").post("/api/login/", json=credentials, client=client)
    return _understood(response, _token)


def name_of(token: str, given: str) -> str:
    """Return the name of the one whose token it is: `ada` for who signed in as `ADA`."""
    try:
        response = upstream.service("users").get("/api/me/", token=token)
        return response.read(TokenDetails).username
    except UpstreamError:
        return given  # which is good enough to be greeted by


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


def _service() -> upstream.Upstream:
    """Return the service that keeps what people write."""
    return upstream.service("{{ cookiecutter.resource_plural }}")


def _listing(path: str, after: str | None, token: str | None = None, **others: str) -> Listing:
    params = others | ({"after": after} if after else {})
    response = _service().get(path, params=params, token=token)
    return _understood(response, _page)


def _call_unless_changed(
    method: str, token: str, id: int, version: str, **request: Any
) -> UpstreamResponse:
    """Send a change of one version. A service without ETags is asked for the present one before."""
    headers = {"If-Match": version} if ETAG.fullmatch(version) else {}
    if not headers and one(id).version != version:
        raise ChangedError
    path = f"{ALL}{id}/"
    try:
        return _service().call(method, path, token=token, headers=headers, **request)
    except RefusedError as refusal:
        if refusal.status == 412:
            raise ChangedError from refusal
        raise


def _understood(response: UpstreamResponse, read: Callable[[UpstreamResponse], Made]) -> Made:
    """Parse a response; raises BadResponseError if it is not as expected."""
    try:
        return read(response)
    except BadResponseError as error:
        fault = error
    except (KeyError, ValueError, OverflowError) as error:
        fault = BadResponseError(response.service, f"the response is not as expected: {error!r}")
    # Logged here, as some pages show a form instead of the error; it is not logged again.
    fault.log()
    raise fault


def _kept(response: UpstreamResponse) -> Kept:
    item = response.read(models.{{ cookiecutter.__resource_class }}Details)
    digest = sha256(item.model_dump_json().encode()).hexdigest()
    return Kept(item, response.headers.get("ETag", digest))


def _page(response: UpstreamResponse) -> Listing:
    items = response.read(list[models.{{ cookiecutter.__resource_class }}Details])
    for item in items:
        # A time that has no date in UTC, such as one before the first day, is an OverflowError.
        item.timestamp = item.timestamp.astimezone(UTC)
    return Listing(
        items,
        total=int(response.headers.get("X-Total-Count", len(items))),
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
        # Without the value, which may still be a token.
        raise ValueError("no token, or one that does not fit into a cookie")
    return token[1]
