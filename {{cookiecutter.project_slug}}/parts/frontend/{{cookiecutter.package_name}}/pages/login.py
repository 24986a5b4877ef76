"""Signing in and out."""

import logging

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_chassis.auth.access import public
from flask_chassis.clients.errors import RefusedError, UpstreamError
from flask_chassis.web import form_errors, html_errors, sessions
from flask_chassis.web.form_errors import FORM
from flask_chassis.web.safe_redirect import safe

from . import backends, writing

LABELS = {"username": "Username", "password": "Password"}

WRONG = "This username and password do not belong together. Check both, then try again."
UNREACHABLE = "Nobody can be signed in just now. Please try again in a moment."
MISSING = {"username": "Enter your username.", "password": "Enter your password."}
SIGNED_OUT = "You are signed out."
SIGNED_OUT_HERE = (
    "You are signed out in this browser only, as the sign-in service does not respond. A copy of "
    "your session, if there is one, works for some minutes more."
)
WELCOME_BACK = "You are signed in again, and your text is still here. It is not saved yet."

blueprint = Blueprint("login", __name__)
log = logging.getLogger(__name__)


@blueprint.get("/login/")
@public
def form() -> ResponseReturnValue:
    """Show the form."""
    if sessions.username():
        return redirect(safe(request.args.get("next")), 303)
    return shown()


@blueprint.post("/login/")
@public
def log_in() -> ResponseReturnValue:
    """Sign in, and redirect to the page before."""
    username, password = request.form.get("username", ""), request.form.get("password", "")
    given = {"username": username, "password": password}
    if errors := {field: MISSING[field] for field, value in given.items() if not value.strip()}:
        return shown(400, errors)
    try:
        token = backends.log_in(username, password, request.remote_addr)
    except RefusedError as refusal:
        return _refused(refusal)
    except UpstreamError as error:
        return shown(html_errors.status_of(error), {FORM: UNREACHABLE})
    sessions.sign_in(backends.name_of(token, username), token)
    if request.form.get("draft"):
        flash(WELCOME_BACK)
        return writing.Form.sent("draft").shown()
    return redirect(safe(request.form.get("next")), 303)


@blueprint.get("/logout/")
@public
def confirm() -> ResponseReturnValue:
    """Ask for confirmation, as a link, which can be on any site, must not sign anyone out."""
    if not sessions.username():
        return shown(message=SIGNED_OUT)
    return ask_whether_to_sign_out()


@blueprint.post("/logout/")
@public
def log_out() -> ResponseReturnValue:
    """Sign out, and revoke the token; if that fails, other services accept it until it expires."""
    message = SIGNED_OUT
    try:
        backends.log_out(sessions.token())
    except sessions.LoginRequiredError:
        pass  # signed out already, in another tab
    except UpstreamError as error:
        if not isinstance(error, RefusedError) or error.status != 401:  # it has expired by itself
            log.warning("the token is not revoked: %s", error)
            message = SIGNED_OUT_HERE
    sessions.sign_out()
    flash(message)
    return redirect(url_for("reading.newest"), 303)


def ask_whether_to_sign_out(status: int = 200) -> ResponseReturnValue:
    """Show the page that asks."""
    page = render_template(
        "confirm.html",
        heading="Sign out?",
        explanation=f"You are signed in as {sessions.username()}.",
        action=url_for("login.log_out"),
        button="Sign out",
        cancel=url_for("reading.newest"),
        cancel_text="Stay signed in",
        errors={},
    )
    return page, status


def shown(
    status: int = 200,
    errors: dict[str, str] | None = None,
    message: str = "",
    draft: writing.Form | None = None,
    then: str = "",
) -> tuple[str, int]:
    """Show the form with its errors and what was typed, except for the password."""
    page = render_template(
        "login.html",
        errors=errors or {},
        message=message,
        username_given=request.form.get("username", ""),
        draft=draft or writing.Form.sent("draft"),
        next=then or request.form.get("next") or request.args.get("next") or "",
    )
    return page, status


def _refused(refusal: RefusedError) -> ResponseReturnValue:
    if refusal.status == 401:
        return shown(401, {"username": WRONG})
    if refusal.status == 429:
        page, status = shown(429, form_errors.sentences(refusal, LABELS))
        return page, status, {"Retry-After": str(form_errors.wait_seconds(refusal))}
    if refusal.status in (400, 422):
        return shown(refusal.status, form_errors.sentences(refusal, LABELS))
    return shown(html_errors.status_of(refusal), {FORM: UNREACHABLE})
