"""Writing, editing and deleting."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_chassis.clients.errors import (
    BadResponseError,
    LostResponseError,
    RefusedError,
    TooSlowError,
    UpstreamError,
)
from flask_chassis.web import form_errors, html_errors, sessions
from flask_chassis.web.form_errors import FORM
from werkzeug.exceptions import Forbidden

from . import backends

LABELS = {"text": "Your text"}

UNREACHABLE = "Your text could not be saved just now. It is still here: try again in a moment."
UNCERTAIN = (
    "It is not certain that your text was saved. Look whether it is among your own before you save "
    "it once more."
)
CHANGED = (
    "This was changed in the meantime: below your text is what is saved now. Save once more to "
    "replace it."
)
CHANGED_BEFORE_DELETION = "This was changed in the meantime. Look at it again before you delete it."
NOT_DELETED = "This could not be deleted just now. Try again in a moment."

ID = f"/{{ cookiecutter.resource_plural }}/<int(max={2**63 - 1}):id>"

blueprint = Blueprint("writing", __name__)


@dataclass(frozen=True, slots=True)
class Form:
    """What the form for a text holds: a new one, or another version of one that is there."""

    text: str = ""
    id: int | None = None
    version: str = ""
    """The version that was changed."""
    saved: str = ""
    """What is saved now, if that is not the version that was changed."""

    @classmethod
    def sent(cls, name: str = "text") -> Self:
        """Read what a browser sent; a draft that waited for the login has another name."""
        # Browsers send line breaks as two characters; they are counted and stored as one.
        text = request.form.get(name, "").replace("\r\n", "\n")
        which = (request.view_args or {}).get("id") or request.form.get("id", type=int)
        return cls(text, which, request.form.get("version", ""))

    def shown(self, errors: dict[str, str] | None = None, status: int = 200) -> ResponseReturnValue:
        """Show the form, and what is wrong with it."""
        return render_template("write.html", form=self, errors=errors or {}), status


@blueprint.get("/{{ cookiecutter.resource_plural }}/new")
@sessions.required
def new() -> ResponseReturnValue:
    """Show the form for a new one."""
    return Form().shown()


@blueprint.post("/{{ cookiecutter.resource_plural }}/new")
@sessions.required
def create() -> ResponseReturnValue:
    """Save a new one; if that fails, the text comes back with what is to be done."""
    form = Form.sent()
    token = sessions.token()
    return _saved(form, lambda: backends.write(token, form.text), "It is saved.")


@blueprint.get(f"{ID}/edit")
@sessions.required
def edit(id: int) -> ResponseReturnValue:
    """Show one of the user's own in the form."""
    kept = _own(id)
    return Form(kept.item.text, id, kept.version).shown()


@blueprint.post(f"{ID}/edit")
@sessions.required
def change(id: int) -> ResponseReturnValue:
    """Save a change, unless somebody else was faster: then both texts are shown."""
    form = Form.sent()
    token = sessions.token()
    try:
        return _saved(
            form,
            lambda: backends.change(token, id, form.text, form.version),
            "Your change is saved.",
        )
    except backends.ChangedError:
        kept = _own(id)
        both = Form(form.text, id, kept.version, saved=kept.item.text)
        return both.shown({"text": CHANGED}, 409)


@blueprint.get(f"{ID}/delete")
@sessions.required
def confirm(id: int) -> ResponseReturnValue:
    """Ask for confirmation, as a link, which can be on any site, must not delete anything."""
    return ask(id)


@blueprint.post(f"{ID}/delete")
@sessions.required
def delete(id: int) -> ResponseReturnValue:
    """Delete one of the user's own."""
    try:
        backends.delete(sessions.token(), id, request.form.get("version", ""))
    except backends.ChangedError:
        return ask(id, {FORM: CHANGED_BEFORE_DELETION}, 409)
    except RefusedError:
        raise
    except UpstreamError as error:
        return ask(id, {FORM: NOT_DELETED}, html_errors.status_of(error))
    flash("It is deleted.")
    return redirect(url_for("reading.own"), 303)


def ask(id: int, errors: dict[str, str] | None = None, status: int = 200) -> ResponseReturnValue:
    """Show what is to be deleted, and ask for it."""
    kept = _own(id)
    page = render_template(
        "confirm.html",
        heading="Delete this {{ cookiecutter.resource_name|replace('_', ' ') }}?",
        explanation="It cannot be brought back.",
        item=kept.item,
        version=kept.version,
        action=url_for("writing.delete", id=id),
        button="Delete",
        cancel=url_for("reading.own"),
        cancel_text="Keep it",
        errors=errors or {},
    )
    return page, status


def _own(id: int) -> backends.Kept:
    """Return one of the user's own. Raises Forbidden if it belongs to another user."""
    kept = backends.one(id)
    if kept.item.username != sessions.username():
        raise Forbidden
    return kept


def _saved(form: Form, save: Callable[[], None], done: str) -> ResponseReturnValue:
    """Save, and redirect to the user's own; or show the form again with the error."""
    try:
        save()
    except RefusedError as refusal:
        if refusal.status == 401:
            raise
        errors = form_errors.sentences(refusal, LABELS)
        return form.shown(errors, html_errors.status_of(refusal))
    except (TooSlowError, LostResponseError, BadResponseError) as error:
        return form.shown({FORM: UNCERTAIN}, html_errors.status_of(error))
    except UpstreamError as error:
        return form.shown({FORM: UNREACHABLE}, html_errors.status_of(error))
    flash(done)
    return redirect(url_for("reading.own"), 303)
