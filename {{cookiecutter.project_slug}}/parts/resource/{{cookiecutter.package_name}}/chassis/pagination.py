"""Pages through a list by key, newest first: page 10,000 costs what page 1 costs.

A page is asked for with `limit` and `before`, the id that the page before it ended at. What a
client needs to go on is in the headers: `Link` with the next page's address, `X-Total-Count`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, current_app, request
from sqlalchemy import Row, Select

from . import database, responses
from .errors import Invalid
from .settings import Settings

DEFAULT_LIMIT = 20
LARGEST_LIMIT = 100
LARGEST_ID = 2**63 - 1
"""The largest bigint: an id `before` which every row is."""

PARAMETERS = {
    "limit": {
        "description": "How many to return",
        "in": "query",
        "type": "integer",
        "minimum": 1,
        "maximum": LARGEST_LIMIT,
        "default": DEFAULT_LIMIT,
    },
    "before": {
        "description": "Return those older than the one with this id",
        "in": "query",
        "type": "integer",
        "minimum": 1,
        "maximum": LARGEST_ID,
    },
}
"""The two parameters, for the API's document."""

HEADERS = {
    "Link": 'RFC 8288: the addresses of the first page (rel="first") and the next (rel="next")',
    "X-Total-Count": "How many there are on all pages",
    "X-Total-Count-Relation": "`eq`: the count is exact; `gte`: there are more than that",
}
"""The headers of a list, for the API's document."""

TOTAL = "total_on_all_pages"
"""The column that `counted` adds, which is not shown."""


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is asked for."""

    limit: int
    before: int

    @property
    def fetch(self) -> int:
        """How many rows to fetch: one more than is shown, to know whether there is a next page."""
        return self.limit + 1

    @property
    def is_first(self) -> bool:
        """Whether the list is asked for from its beginning."""
        return self.before == LARGEST_ID


def init_app(app: Flask, settings: Settings) -> None:
    """Read how far lists are counted."""
    app.extensions["count_up_to"] = settings["pagination.count_up_to"]


def requested() -> Page:
    """Return the page that the request asks for; Invalid where a parameter is wrong."""
    errors: dict[str, str] = {}
    page = Page(
        limit=_whole_number("limit", DEFAULT_LIMIT, LARGEST_LIMIT, errors),
        before=_whole_number("before", LARGEST_ID, LARGEST_ID, errors),
    )
    if errors:
        raise Invalid(errors)
    return page


def count_up_to() -> int:
    """Return how far a list's rows are counted."""
    limit: int = current_app.extensions["count_up_to"]
    return limit


def counted(page: Select[*tuple[Any, ...]], count: Select[int]) -> Select[*tuple[Any, ...]]:
    """Have a page's rows say how many there are on all pages: one question to PostgreSQL, not two.

    It counts once for all rows.
    """
    return page.add_columns(count.scalar_subquery().label(TOTAL))


def respond(page: Page, rows: Sequence[Row[Any]], count: Callable[[], int]) -> Response:
    """Return the response for a page of rows, each of which has an `id`.

    `rows` are at most `page.fetch`, one more than the page holds: that one says whether there is a
    next page. `count` is asked only where the rows do not tell, by `counted` or as they are all:
    it counts the whole list, and no further than `count_up_to()` + 1.
    """
    shown, is_last = rows[: page.limit], len(rows) <= page.limit
    objects = database.as_objects(shown)
    counted_with_them = [each.pop(TOTAL, 0) for each in objects]
    if page.is_first and is_last:
        total = len(shown)
    else:
        total = max(counted_with_them, default=0) or count()
    address = _address(page)
    links = f'<{address}>; rel="first"'
    if not is_last:
        links += f', <{address}&before={shown[-1].id}>; rel="next"'
    headers = {
        "Link": links,
        "X-Total-Count": str(min(total, count_up_to())),
        "X-Total-Count-Relation": "eq" if total <= count_up_to() else "gte",
    }
    return responses.json(objects, headers=headers)


def _address(page: Page) -> str:
    """Return the first page's address: relative, so that it is right behind any proxy."""
    others = {name: value for name, value in request.args.items() if name not in PARAMETERS}
    return f"{request.path}?{urlencode(others | {'limit': page.limit})}"


def _whole_number(name: str, default: int, largest: int, errors: dict[str, str]) -> int:
    given = request.args.get(name)
    if given is None:
        return default
    # isdecimal alone would let other scripts' digits pass, and thousands of them.
    is_number = given.isascii() and given.isdecimal() and len(given) <= len(str(LARGEST_ID))
    if is_number and 1 <= int(given) <= largest:
        return int(given)
    errors[name] = f"Must be a whole number from 1 to {largest}."
    return default
