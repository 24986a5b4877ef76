"""Leads to the login who has to sign in, first or again, and loses nothing that was typed."""

from flask import Flask, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_chassis.clients.errors import RefusedError
from flask_chassis.web import html_errors, sessions
from flask_chassis.web.safe_redirect import asked_for
from flask_wtf.csrf import CSRFError

from . import login, thoughts

ENDED = "You have been signed out. Please sign in again."
FIRST = "Please sign in first."
DRAFT_IS_KEPT = "Your text is kept: you can save it once you have signed in."
STALE_FORM = "This page was open for too long. Your text is still here: please save it again."


def init_app(app: Flask) -> None:
    """Register what is done where a session, or the form of one, has come to its end."""
    app.register_error_handler(RefusedError, _refused)
    app.register_error_handler(sessions.LoginRequiredError, lambda _: _login(FIRST))
    app.register_error_handler(sessions.SessionEndedError, lambda _: _login(ENDED))
    app.register_error_handler(CSRFError, _stale)


def _refused(refusal: RefusedError) -> ResponseReturnValue:
    return _login(ENDED) if refusal.status == 401 else html_errors.respond(refusal)


def _login(message: str) -> ResponseReturnValue:
    sessions.sign_out()
    draft = request.form.get("text", "")
    if request.method == "POST" and draft:
        message = f"{message} {DRAFT_IS_KEPT}"
        return login.shown(401, message=message, draft=draft, next=asked_for())
    flash(message)
    return redirect(url_for("login.form", next=asked_for()), 303)


def _stale(error: CSRFError) -> ResponseReturnValue:
    """Show a form again that was made for another session: forged, or just too old."""
    if request.endpoint == thoughts.WRITE:
        if not sessions.username():
            return _login(ENDED)
        return thoughts.form_with(request.form.get("text", ""), {"text": STALE_FORM}, 400)
    if request.endpoint == "login.log_in":
        return login.shown(400, {"username": "This page was open for too long. Please try again."})
    if request.endpoint == "login.log_out":
        return render_template("logout.html"), 400
    return html_errors.respond(error)
