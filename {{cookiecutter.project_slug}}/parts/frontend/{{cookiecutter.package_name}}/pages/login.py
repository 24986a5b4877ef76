"""Signing in and out."""

import logging
from math import ceil

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_chassis.auth.access import public
from flask_chassis.clients.errors import RefusedError, UpstreamError
from flask_chassis.web import html_errors, sessions
from flask_chassis.web.safe_redirect import safe

from . import backends

WRONG = "This name and password do not belong together. Check both and try again."
TOO_MANY = "There were too many attempts. Wait for {}, then try again."
UNREACHABLE = "Nobody can be signed in just now. Please try again in a moment."
MISSING = {"username": "Enter your name.", "password": "Enter your password."}
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
    """Sign in, and go where one came from."""
    username, password = request.form.get("username", ""), request.form.get("password", "")
    given = {"username": username, "password": password}
    if errors := {field: MISSING[field] for field, value in given.items() if not value.strip()}:
        return shown(400, errors)
    try:
        token = backends.log_in(username, password, request.remote_addr)
    except RefusedError as refusal:
        return _refused(refusal)
    except UpstreamError as error:
        return shown(html_errors.status_of(error), message=UNREACHABLE)
    sessions.sign_in(username, token)
    if draft := request.form.get("draft"):
        flash(WELCOME_BACK)
        return render_template("new_thought.html", text=draft, errors={})
    return redirect(safe(request.form.get("next")), 303)


@blueprint.get("/logout/")
@public
def confirm() -> ResponseReturnValue:
    """Ask: a link, which anybody may place anywhere, signs nobody out."""
    return render_template("logout.html")


@blueprint.post("/logout/")
@public
def log_out() -> ResponseReturnValue:
    """Sign out here whatever happens; elsewhere the token's short life does it at the latest."""
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
    return redirect(url_for("thoughts.newest"), 303)


def shown(
    status: int = 200,
    errors: dict[str, str] | None = None,
    message: str = "",
    **others: str,
) -> tuple[str, int]:
    """Show the form, with what is wrong and what was typed: all but the password."""
    given = {
        "username_given": request.form.get("username", ""),
        "draft": request.form.get("draft", ""),
        "next": request.form.get("next") or request.args.get("next") or "",
    } | others
    page = render_template("login.html", errors=errors or {}, message=message, **given)
    return page, status


def _refused(refusal: RefusedError) -> ResponseReturnValue:
    if refusal.status == 401:
        return shown(401, {"username": WRONG})
    if refusal.status == 429:
        return _too_early(refusal.upstream_response.headers.get("Retry-After", ""))
    if refusal.status == 400:
        return shown(400, refusal.errors or {"username": WRONG})
    return shown(html_errors.status_of(refusal), message=UNREACHABLE)


def _too_early(retry_after: str) -> ResponseReturnValue:
    """Say how long to wait, in words that are right for a minute and for an hour."""
    seconds = int(retry_after) if retry_after.isascii() and retry_after.isdecimal() else 60
    wait = f"{seconds} seconds" if seconds < 120 else f"{ceil(seconds / 60)} minutes"
    page, status = shown(429, {"username": TOO_MANY.format(wait)})
    return page, status, {"Retry-After": str(seconds)}
