"""Reading and searching: lists, page by page."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import Self

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_chassis.auth.access import public
from flask_chassis.clients.errors import RefusedError
from flask_chassis.web import form_errors, sessions
from werkzeug.exceptions import BadRequest

from . import backends

LONGEST_SEARCH = 200
"""As the service has it. Each character may become twelve in the address that it is asked with."""
TOO_LONG = f"Your search must have at most {LONGEST_SEARCH} characters."
LABELS = {"search": "Your search"}

CURSOR = re.compile(r"[A-Za-z0-9_.-]{1,6000}", re.ASCII)

LONGEST_WAY_BACK = 2000
"""In characters, of the cursors in an address. Readers further down go back to the newest."""

blueprint = Blueprint("reading", __name__)


@dataclass(frozen=True, slots=True)
class Place:
    """A page of a list. The response names the next one, and the URL the previous ones."""

    after: str | None
    number: int
    way_back: tuple[str, ...]
    """Where the pages before this one begin, from the second on."""

    @classmethod
    def asked_for(cls) -> Self:
        """Read the place from the URL. Raises BadRequest if a part of it is not valid."""
        after = request.args.get("after")
        way_back = request.args.getlist("back")
        if not all(map(CURSOR.fullmatch, way_back if after is None else [after, *way_back])):
            raise BadRequest
        number = min(max(request.args.get("page", 2, type=int), 2), 1_000_000)
        return cls(None, 1, ()) if after is None else cls(after, number, tuple(way_back))

    def next(self, after: str) -> Self:
        """Return the place that begins after a cursor."""
        way_back = [*self.way_back, self.after] if self.after else []
        while sum(map(len, way_back)) > LONGEST_WAY_BACK:
            way_back.pop(0)
        return type(self)(after, self.number + 1, tuple(way_back))

    def previous(self) -> Self | None:
        """Return the place before this one, if the URL has it."""
        if self.number == 2:
            return type(self)(None, 1, ())
        if not self.way_back:
            return None
        return type(self)(self.way_back[-1], self.number - 1, self.way_back[:-1])

    def query(self) -> dict[str, object]:
        """Return the query parameters of this place."""
        return (
            {"after": self.after, "page": self.number, "back": self.way_back} if self.after else {}
        )

    def last(self, listing: backends.Listing) -> int | None:
        """Return the number of the last page, if it is known."""
        if not listing.older:
            return self.number
        size = len(listing.items)
        is_counted = listing.is_total_exact and listing.total > size > 0
        return ceil(listing.total / size) if is_counted else None


@blueprint.get("/")
@public
def newest() -> ResponseReturnValue:
    """Show everybody's."""
    return _shown("list.html", backends.newest, is_own=False)


@blueprint.get("/{{ cookiecutter.resource_plural }}/")
@sessions.required
def own() -> ResponseReturnValue:
    """Show the user's own."""
    token = sessions.token()
    return _shown("list.html", lambda after: backends.own(token, after), is_own=True)


@blueprint.get("/search")
@public
def search() -> ResponseReturnValue:
    """Show those with a text in them."""
    text = request.args.get("search", "").strip()
    if not text:
        return _form("", {})
    if len(text) > LONGEST_SEARCH:
        return _form(text, {"search": TOO_LONG}, 400)
    try:
        return _shown(
            "search.html", lambda after: backends.found(text, after), search=text, errors={}
        )
    except RefusedError as refusal:
        if "search" not in refusal.errors:
            raise
        return _form(text, form_errors.sentences(refusal, LABELS), 400)


def _shown(
    template: str, ask: Callable[[str | None], backends.Listing], **others: object
) -> ResponseReturnValue:
    place = Place.asked_for()
    return render_template(template, listing=ask(place.after), place=place, **others)


def _form(text: str, errors: dict[str, str], status: int = 200) -> ResponseReturnValue:
    return render_template("search.html", search=text, listing=None, errors=errors), status
