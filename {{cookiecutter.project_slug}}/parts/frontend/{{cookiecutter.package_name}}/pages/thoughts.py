"""Reading, searching and writing thoughts."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest

from ..chassis import html_errors, sessions
from ..chassis.access import public
from ..chassis.upstream_errors import (
    BadAnswerError,
    LostAnswerError,
    RefusedError,
    TooSlowError,
    UpstreamError,
)
from . import backends

UNREACHABLE = "Your thought could not be saved just now. It is still here: try again in a moment."
UNCERTAIN = (
    "It is not certain that your thought was saved. Look whether it is among your thoughts before "
    "you save it once more."
)
WRITE = "thoughts.write"

blueprint = Blueprint("thoughts", __name__)


@blueprint.get("/")
@public
def newest() -> ResponseReturnValue:
    """Show everybody's."""
    return render_template("newest.html", listing=backends.newest(_before()))


@blueprint.get("/thoughts/")
@sessions.required
def own() -> ResponseReturnValue:
    """Show one's own."""
    return render_template("own.html", listing=backends.own(sessions.token(), _before()))


@blueprint.get("/search")
@public
def search() -> ResponseReturnValue:
    """Show those with a text in them."""
    text = request.args.get("search", "").strip()
    if not text:
        return render_template("search.html", search="", listing=None, errors={})
    try:
        listing = backends.found(text, _before())
    except RefusedError as refusal:
        if "search" not in refusal.errors:
            raise
        page = render_template("search.html", search=text, listing=None, errors=refusal.errors)
        return page, 400
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
    except (TooSlowError, LostAnswerError, BadAnswerError) as error:
        return form_with(text, {"text": UNCERTAIN}, html_errors.status_of(error))
    except UpstreamError as error:
        return form_with(text, {"text": UNREACHABLE}, html_errors.status_of(error))
    flash("Your thought is saved.")
    return redirect(url_for("thoughts.own"), 303)


def form_with(text: str, errors: dict[str, str], status: int = 200) -> ResponseReturnValue:
    """Show the form with a text in it, and what is wrong with it."""
    return render_template("new_thought.html", text=text, errors=errors), status


def _before() -> str | None:
    """Return which page of a list is asked for."""
    before = request.args.get("before")
    if before is not None and not (before.isascii() and before.isdecimal() and len(before) < 20):
        raise BadRequest
    return before
