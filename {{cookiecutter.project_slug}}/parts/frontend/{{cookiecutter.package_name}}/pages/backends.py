"""What the pages ask of other services: `thoughts` keeps the thoughts, `users` signs people in."""

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

from requests.utils import parse_header_links

from ..chassis import sessions, upstream
from ..chassis.upstream_errors import Answer, BadAnswerError

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
    """What to ask for as `before` to get the next page, if there is one."""


def newest(before: str | None) -> Listing:
    """Return everybody's thoughts, newest first."""
    return _listing("/api/thoughts/", before)


def found(search: str, before: str | None) -> Listing:
    """Return the thoughts with a text in them, newest first."""
    return _listing("/api/thoughts/", before, search=search)


def own(token: str, before: str | None) -> Listing:
    """Return the thoughts of the one whose token it is, newest first."""
    return _listing("/api/me/thoughts/", before, token=token)


def write(token: str, text: str) -> None:
    """Keep a thought; BadAnswerError where nobody says that it is kept."""
    thoughts = upstream.service("thoughts")
    answer = thoughts.post("/api/me/thoughts/", json={"text": text}, token=token)
    _understood(answer, lambda kept: int(kept.json()["id"]))


def log_in(username: str, password: str, client: str | None) -> str:
    """Return a token for a name and its password; RefusedError with 401 where they do not match.

    The issuer counts failures by the address of the client, which is not that of this service.
    """
    credentials = {"username": username, "password": password}
    answer = upstream.service("users").post("/api/login/", json=credentials, client=client)
    return _understood(answer, _token)


def log_out(token: str) -> None:
    """Have a token refused from now on."""
    upstream.service("users").post("/api/logout/", token=token)


def _listing(path: str, before: str | None, token: str | None = None, **others: str) -> Listing:
    params = others | ({"before": before} if before else {})
    answer = upstream.service("thoughts").get(path, params=params, token=token)
    return _understood(answer, _read)


def _understood(answer: Answer, read: Callable[[Answer], Made]) -> Made:
    """Read an answer; BadAnswerError where it is not as it should be."""
    try:
        return read(answer)
    except BadAnswerError as error:
        fault = error
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        fault = BadAnswerError(answer.service, f"the body is not as agreed: {error!r}")
    log.warning("an answer cannot be used: %s", fault)
    raise fault


def _read(answer: Answer) -> Listing:
    thoughts = [_thought(item) for item in answer.json()]
    return Listing(
        thoughts,
        total=int(answer.headers.get("X-Total-Count", len(thoughts))),
        is_total_exact=answer.headers.get("X-Total-Count-Relation", "eq") == "eq",
        older=_older(answer.headers.get("Link", "")),
    )


def _thought(item: Any) -> Thought:
    username, text = str(item["username"]), str(item["text"])
    # What no page can be made of is found here: half a character, a time before the first day.
    (username + text).encode()
    return Thought(username, text, datetime.fromisoformat(item["timestamp"]).astimezone(UTC))


def _older(header: str) -> str | None:
    """Return `before` of the next page's address: the address itself is not one of this site."""
    for link in parse_header_links(header) if header else []:
        if link.get("rel") == "next":
            return parse_qs(urlsplit(link["url"]).query)["before"][0]
    return None


def _token(answer: Answer) -> str:
    token = TOKEN.fullmatch(answer.json()["Authorized"])
    if not token or len(token[1]) > sessions.LONGEST_TOKEN:
        # What it is stays unsaid: it may be a token all the same.
        raise ValueError("no token, or one that does not fit into a cookie")
    return token[1]
