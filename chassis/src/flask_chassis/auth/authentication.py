"""Decorators that require a token: `token_required`, `scope_required`. `caller` returns its claims.

Every view carries exactly one of them or of the decorators in access.py; a guard fails for a view
without one. Put them outermost, so that a caller without a token gets 401 before 400 and does not
learn what a valid request looks like.
"""

import functools
import logging
from collections.abc import Callable
from typing import Any

from flask import current_app, g, request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Forbidden, Unauthorized

from flask_chassis.auth.access import View, marked
from flask_chassis.auth.tokens import BadTokenError, Claims, Verifier

log = logging.getLogger(__name__)


def token_required(view: View) -> View:
    """Require a valid token; `caller()` returns its claims."""

    @functools.wraps(view)
    def checked(*args: Any, **kwargs: Any) -> Any:
        g.caller = _verified()
        return view(*args, **kwargs)

    return marked(checked, "token")  # type: ignore[return-value]  # same signature as the view


def scope_required(scope: str) -> Callable[[View], View]:
    """Require a valid token with this scope: 401 without a token, 403 without the scope."""

    def decorator(view: View) -> View:
        @functools.wraps(view)
        def checked(*args: Any, **kwargs: Any) -> Any:
            g.caller = _verified()
            if scope not in g.caller.scopes:
                raise Forbidden(f"The token lacks the scope {scope!r}.")
            return view(*args, **kwargs)

        return marked(checked, f"scope {scope}")  # type: ignore[return-value]  # as above

    return decorator


def caller() -> Claims:
    """Return the claims of the request's verified token."""
    claims: Claims = g.caller
    return claims


def _verified() -> Claims:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthorized(
            "A token is required: Authorization: Bearer <token>.",
            www_authenticate=WWWAuthenticate("bearer"),
        )
    verifier: Verifier = current_app.extensions["tokens"]
    try:
        return verifier.verify(token.strip())
    except BadTokenError as error:
        # Who looks for clocks that differ, or for a key that is not there, looks here.
        log.info("token refused: %s", error)
        raise Unauthorized(
            f"The token is not valid: {error}.",
            www_authenticate=WWWAuthenticate("bearer", {"error": "invalid_token"}),
        ) from error
