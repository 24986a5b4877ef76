"""Who has signed in, kept in a cookie: nothing is stored here, any worker can serve the next page.

The cookie is signed, which keeps anyone from changing it, and not encrypted. The token in it is: a
cookie that is copied out of a browser, a log or a support ticket is no key to the services behind.

The secret is rotated without signing anyone out: the new one becomes `session.secret_key`, the old
one goes into `session.previous_secret_keys` for as long as a session may last.
"""

import base64
import functools
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import Flask, current_app, session
from flask_wtf import CSRFProtect
from werkzeug.exceptions import Unauthorized

from .access import marked
from .failures import StartError
from .settings import Settings

SHORTEST_SECRET = 32
LONGEST_TOKEN = 1900
"""More does not fit into a cookie, of which browsers keep 4096 bytes at most."""

TOKEN, USERNAME = "token", "username"

View = TypeVar("View", bound=Callable[..., Any])


class LoginRequiredError(Unauthorized):
    """Whoever asks has to sign in first, or again."""

    description = "You have to sign in first."


def init_app(app: Flask, settings: Settings) -> None:
    """Configure the cookie and the protection of forms; StartError where a secret is too short."""
    secrets = [settings["session.secret_key"], *settings["session.previous_secret_keys"].split()]
    if any(len(secret) < SHORTEST_SECRET for secret in secrets):
        raise StartError(
            f"session.secret_key, and each of session.previous_secret_keys, needs {SHORTEST_SECRET}"
            " characters or more. Make one: python -c 'import secrets; print(secrets.token_hex())'"
        )
    is_secure = not settings.is_for_developers
    app.secret_key = secrets[0]
    app.config.update(
        SECRET_KEY_FALLBACKS=secrets[1:],
        # The prefix has browsers see to it that no other host of the domain can set this cookie.
        SESSION_COOKIE_NAME="__Host-session" if is_secure else "session",
        SESSION_COOKIE_SECURE=is_secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=timedelta(hours=settings["session.lifetime_hours"]),
        # A form is good for as long as the session: a long text takes its time.
        WTF_CSRF_TIME_LIMIT=None,
    )
    app.extensions["seal"] = MultiFernet([Fernet(_key(secret)) for secret in secrets])
    CSRFProtect(app)


def required(view: View) -> View:
    """Only who has signed in may call the view; LoginRequiredError for anybody else."""

    @functools.wraps(view)
    def checked(*args: Any, **kwargs: Any) -> Any:
        token()
        return view(*args, **kwargs)

    return marked(checked, "session")  # type: ignore[return-value]  # same signature as the view


def sign_in(username: str, token: str) -> None:
    """Begin a session, with nothing left of the one before."""
    session.clear()
    seal: MultiFernet = current_app.extensions["seal"]
    session[USERNAME] = username
    session[TOKEN] = seal.encrypt(token.encode()).decode()


def sign_out() -> None:
    """End the session."""
    session.clear()


def token() -> str:
    """Return the token of who has signed in; LoginRequiredError where nobody has."""
    seal: MultiFernet = current_app.extensions["seal"]
    try:
        return seal.decrypt(session[TOKEN]).decode()
    except (KeyError, InvalidToken):
        raise LoginRequiredError from None


def username() -> str | None:
    """Return the name of who has signed in, if anyone has."""
    return session.get(USERNAME)


def _key(secret: str) -> bytes:
    """Derive the key that seals tokens: the secret itself signs, and no key should do both."""
    derived = HKDF(SHA256(), 32, salt=None, info=b"token in the session").derive(secret.encode())
    return base64.urlsafe_b64encode(derived)
