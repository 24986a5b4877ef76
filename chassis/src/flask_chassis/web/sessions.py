"""Login sessions in a signed cookie, with the user's token encrypted, and CSRF protection.

The service stores no session, so any worker can handle the next request. The cookie is signed, so
that nobody can change it. The token in it is also encrypted: anyone who copies a cookie out of a
browser, a log or a support ticket cannot use the token with other services. With
`flask_chassis.web.session_check`, a copy ends with the logout as well.

To rotate the secret key without logging users out, set the new key as `session.secret_key`, and
keep the old one in `session.previous_secret_keys` for the lifetime of a session.
"""

import base64
import functools
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import Flask, current_app, g, session
from flask_wtf import CSRFProtect
from werkzeug.exceptions import Unauthorized

from flask_chassis.auth.access import marked
from flask_chassis.exceptions import ConfigurationError
from flask_chassis.settings import Settings
from flask_chassis.web.session_check import SessionCheck, is_safe

SHORTEST_SECRET = 32
LONGEST_TOKEN = 1900
"""In characters. A longer token does not fit into a cookie, which is limited to 4096 bytes."""

TOKEN, USERNAME = "token", "username"

View = TypeVar("View", bound=Callable[..., Any])


class LoginRequiredError(Unauthorized):
    """The view requires a login, and the session has none or has expired."""

    description = "You have to sign in first."


class SessionEndedError(LoginRequiredError):
    """The session's token has expired or has been revoked: somebody has signed out."""

    description = "You have been signed out."


def init_app(app: Flask, settings: Settings) -> None:
    """Configure the session cookie and the CSRF protection of forms.

    Raises ConfigurationError if a secret key is too short.
    """
    secrets = [settings["session.secret_key"], *settings["session.previous_secret_keys"].split()]
    if any(len(secret) < SHORTEST_SECRET for secret in secrets):
        raise ConfigurationError(
            f"session.secret_key, and each of session.previous_secret_keys, needs {SHORTEST_SECRET}"
            " characters or more. To generate one, run: "
            "python -c 'import secrets; print(secrets.token_hex())'"
        )
    is_secure = not settings.is_for_developers
    app.secret_key = secrets[0]
    app.config.update(
        SECRET_KEY_FALLBACKS=secrets[1:],
        # With the prefix, browsers do not let other hosts of the domain set this cookie.
        SESSION_COOKIE_NAME="__Host-session" if is_secure else "session",
        SESSION_COOKIE_SECURE=is_secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=timedelta(hours=settings["session.lifetime_hours"]),
        # A form stays valid as long as the session, because writing a long text takes time.
        WTF_CSRF_TIME_LIMIT=None,
    )
    app.extensions["seal"] = MultiFernet([Fernet(_key(secret)) for secret in secrets])
    CSRFProtect(app)


def required(view: View) -> View:
    """Decorator for views that require a login; raises LoginRequiredError without one."""

    @functools.wraps(view)
    def checked(*args: Any, **kwargs: Any) -> Any:
        token()
        return view(*args, **kwargs)

    return marked(checked, "session")  # type: ignore[return-value]  # same signature as the view


def sign_in(username: str, token: str) -> None:
    """Start a session with a user's name and token, and discard the previous session."""
    _forget()
    check: SessionCheck | None = current_app.extensions.get("session_check")
    if check:
        check.begin(token)
    seal: MultiFernet = current_app.extensions["seal"]
    session[USERNAME] = username
    session[TOKEN] = seal.encrypt(token.encode()).decode()


def sign_out() -> None:
    """End the session. Revoke its token at the issuer before, or a copy of the cookie lives on."""
    check: SessionCheck | None = current_app.extensions.get("session_check")
    unsealed = _unsealed()
    _forget()
    if check and unsealed:
        check.end(unsealed)


def token() -> str:
    """Return the decrypted token of the session; raises LoginRequiredError without a login.

    With `flask_chassis.web.session_check`, SessionEndedError if the token has been revoked.
    """
    if "session_token" not in g:
        unsealed = _unsealed()
        check: SessionCheck | None = current_app.extensions.get("session_check")
        if unsealed is None:
            raise LoginRequiredError
        if check and check.has_ended(unsealed, is_safe=is_safe()):
            raise SessionEndedError
        g.session_token = unsealed
    found: str = g.session_token
    return found


def _unsealed() -> str | None:
    seal: MultiFernet = current_app.extensions["seal"]
    try:
        return seal.decrypt(session[TOKEN]).decode()
    except (KeyError, InvalidToken):
        return None


def _forget() -> None:
    session.clear()
    g.pop("session_token", None)


def username() -> str | None:
    """Return the name of the user, or None without a login."""
    return session.get(USERNAME)


def _key(secret: str) -> bytes:
    """Derive the key that encrypts tokens. The secret key itself only signs the cookie."""
    derived = HKDF(SHA256(), 32, salt=None, info=b"token in the session").derive(secret.encode())
    return base64.urlsafe_b64encode(derived)
