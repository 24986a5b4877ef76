"""The work that is measured, and the check that all servers answer it alike."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import requests
from invoke import Exit

from benchmarks.load import Request
from benchmarks.tables import RARE

WRITER = "writer"
"""Whose rows are inserted, and removed again."""

BARRED = ("list", "own list", "insert")
"""The kinds of work that bars are for."""

TIMEOUT_SECONDS = 30


class Answering(Protocol):
    """What listens on a port."""

    name: str
    port: int


@dataclass(frozen=True)
class Work:
    """A kind of request."""

    name: str
    request: Request
    writes: bool = False


def all_work(own_token: str, writers_token: str) -> list[Work]:
    """Return what is measured; writing comes last, as it leaves dead rows behind."""
    own = {"Authorization": f"Bearer {own_token}"}
    writers = {"Authorization": f"Bearer {writers_token}"}
    text = '{"text": "A walk along the sea, then bread and old books."}'
    return [
        Work("list", Request("/api/thoughts/")),
        Work("own list", Request("/api/me/thoughts/", headers=own)),
        Work("search", Request(f"/api/thoughts/?search={RARE}")),
        Work("/health/live", Request("/health/live")),
        Work(
            "insert",
            Request("/api/me/thoughts/", "POST", writers, text),
            writes=True,
        ),
    ]


def check_alike(servers: Iterable[Answering], work: Iterable[Work]) -> None:
    """Raise Exit where a server answers a request otherwise than the first one."""
    first, *others = servers
    for each in work:
        expected = answer(first.port, each)
        for other in others:
            found = answer(other.port, each)
            if found != expected:
                raise Exit(
                    f"{other.name} answers {each.name!r} otherwise than {first.name}:\n"
                    f"{found}\n{expected}",
                    1,
                )


def answer(port: int, work: Work) -> tuple[int, Any, bool]:
    """Return status and body of an answer, and whether it leads to another page.

    The address of that page differs: the service's cursors are for any order, those of the others
    for ids alone.
    """
    request = work.request
    content = {"Content-Type": "application/json"} if request.body else {}
    got = requests.request(
        request.method,
        f"http://127.0.0.1:{port}{request.path}",
        headers=request.headers | content,
        data=request.body or None,
        timeout=TIMEOUT_SECONDS,
    )
    has_next = 'rel="next"' in got.headers.get("Link", "")
    return got.status_code, _plain(got.json(), work.writes), has_next


def _plain(body: Any, is_new: bool) -> Any:
    """Return a body with its times read, as Z and +00:00 are the same; a new row without them."""
    if isinstance(body, list):
        return [_plain(each, is_new) for each in body]
    if is_new:
        return {name: value for name, value in body.items() if name not in {"id", "timestamp"}}
    if "timestamp" in body:
        return body | {"timestamp": datetime.fromisoformat(body["timestamp"])}
    return body
