"""Redirects users who have to sign in to the login, and keeps the text that they typed."""

from flask import Flask, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_chassis.clients.errors import RefusedError
from flask_chassis.web import html_errors, sessions
from flask_chassis.web.form_errors import FORM
from flask_chassis.web.safe_redirect import asked_for
from flask_wtf.csrf import CSRFError

from . import login, writing

ENDED = "You have been signed out. Please sign in again."
FIRST = "Please sign in first."
DRAFT_IS_KEPT = "Your text is kept: you can save it once you have signed in."
STALE = "This page was open for too long. Please try again."
STALE_TEXT = "This page was open for too long. Your text is still here: please save it again."


def init_app(app: Flask) -> None:
    """Register the handlers for sessions and forms that have expired."""
    app.register_error_handler(RefusedError, _refused)
    app.register_error_handler(sessions.LoginRequiredError, lambda _: _login(FIRST))
    app.register_error_handler(sessions.SessionEndedError, lambda _: _login(ENDED))
    app.register_error_handler(CSRFError, _stale)


def _refused(refusal: RefusedError) -> ResponseReturnValue:
    return _login(ENDED) if refusal.status == 401 else html_errors.respond(refusal)


def _login(message: str) -> ResponseReturnValue:
    sessions.sign_out()
    draft = writing.Form.sent()
    if request.method == "POST" and draft.text:
        message = f"{message} {DRAFT_IS_KEPT}"
        return login.shown(401, message=message, draft=draft, then=asked_for())
    flash(message)
    return redirect(url_for("login.form", next=asked_for()), 303)


def _stale(error: CSRFError) -> ResponseReturnValue:
    """Show a form again whose CSRF token is of another session: forged, or too old."""
    if request.endpoint in ("writing.create", "writing.change", "writing.delete"):
        if not sessions.username():
            return _login(ENDED)
        if request.endpoint == "writing.delete":
            return writing.ask(**request.view_args or {}, errors={FORM: STALE}, status=400)
        return writing.Form.sent().shown({FORM: STALE_TEXT}, 400)
    if request.endpoint == "login.log_in":
        return login.shown(400, {FORM: STALE})
    if request.endpoint == "login.log_out" and sessions.username():
        return login.ask_whether_to_sign_out(400)
    return html_errors.respond(error)
