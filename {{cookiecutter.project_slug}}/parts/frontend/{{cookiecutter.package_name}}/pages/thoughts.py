"""Reading, searching and writing thoughts."""

import re

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_chassis.auth.access import public
from flask_chassis.clients.errors import (
    BadResponseError,
    LostResponseError,
    RefusedError,
    TooSlowError,
    UpstreamError,
)
from flask_chassis.web import html_errors, sessions
from werkzeug.exceptions import BadRequest

from . import backends

UNREACHABLE = "Your thought could not be saved just now. It is still here: try again in a moment."
UNCERTAIN = (
    "It is not certain that your thought was saved. Look whether it is among your thoughts before "
    "you save it once more."
)
WRITE = "thoughts.write"

LONGEST_SEARCH = 200
"""As the service has it. Each character may become twelve in the address that it is asked with."""
TOO_LONG = f"Must have at most {LONGEST_SEARCH} characters."

CURSOR = re.compile(r"[A-Za-z0-9_.-]{1,6000}", re.ASCII)

blueprint = Blueprint("thoughts", __name__)


@blueprint.get("/")
@public
def newest() -> ResponseReturnValue:
    """Show everybody's."""
    return render_template("newest.html", listing=backends.newest(_after()))


@blueprint.get("/thoughts/")
@sessions.required
def own() -> ResponseReturnValue:
    """Show one's own."""
    return render_template("own.html", listing=backends.own(sessions.token(), _after()))


@blueprint.get("/search")
@public
def search() -> ResponseReturnValue:
    """Show those with a text in them."""
    text = request.args.get("search", "").strip()
    if not text:
        return render_template("search.html", search="", listing=None, errors={})
    if len(text) > LONGEST_SEARCH:
        return _search_again(text, {"search": TOO_LONG})
    try:
        listing = backends.found(text, _after())
    except RefusedError as refusal:
        if "search" not in refusal.errors:
            raise
        return _search_again(text, refusal.errors)
    return render_template("search.html", search=text, listing=listing, errors={})


@blueprint.get("/thoughts/new")
@sessions.required
def form() -> ResponseReturnValue:
    """Show the form for a new one."""
    return form_with("", {})


@blueprint.post("/thoughts/new")
@sessions.required
def write() -> ResponseReturnValue:
    """Save a new one; where that fails, the text comes back with what is to be done."""
    # Browsers send a line's end as two characters; it is counted, and kept, as one.
    text = request.form.get("text", "").replace("\r\n", "\n")
    try:
        backends.write(sessions.token(), text)
    except RefusedError as refusal:
        if refusal.status == 401:
            raise
        errors = refusal.errors or {"text": refusal.message or html_errors.OTHER[1]}
        return form_with(text, errors, html_errors.status_of(refusal))
    except (TooSlowError, LostResponseError, BadResponseError) as error:
        return form_with(text, {"text": UNCERTAIN}, html_errors.status_of(error))
    except UpstreamError as error:
        return form_with(text, {"text": UNREACHABLE}, html_errors.status_of(error))
    flash("Your thought is saved.")
    return redirect(url_for("thoughts.own"), 303)


def form_with(text: str, errors: dict[str, str], status: int = 200) -> ResponseReturnValue:
    """Show the form with a text in it, and what is wrong with it."""
    return render_template("new_thought.html", text=text, errors=errors), status


def _search_again(text: str, errors: dict[str, str]) -> ResponseReturnValue:
    return render_template("search.html", search=text, listing=None, errors=errors), 400


def _after() -> str | None:
    """Return which page of a list is asked for: a cursor, which the service understands."""
    after = request.args.get("after")
    if after is not None and not CURSOR.fullmatch(after):
        raise BadRequest
    return after
