"""Ends sessions whose token has been revoked, by asking the issuer.

A cookie can be copied, and the copy outlives the logout: removing the cookie from one browser does
not end it, and other services accept a revoked token until it expires. So the issuer is asked
about a session: at each request that changes something, and for others if the last answer
about the token is older than `session.check_seconds`.

    session_check.init_app(app, settings, backends.is_signed_in)

If the issuer does not answer, sessions go on, as their tokens do in all other services: at most for
the life of a token. It is then not asked again before `session.check_seconds` are over, so that an
issuer that hangs does not slow down every page.
"""

import logging
import time
from collections.abc import Callable
from hashlib import sha256

from flask import Flask, request

from flask_chassis.clients.errors import UpstreamError
from flask_chassis.settings import Settings

MOST = 10_000
"""Largest number of tokens to remember."""

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

log = logging.getLogger(__name__)


class SessionCheck:
    """Remembers for a moment what the issuer says of tokens."""

    def __init__(
        self,
        is_signed_in: Callable[[str], bool],
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`is_signed_in` asks the issuer about a token; an UpstreamError means: not known."""
        self._is_signed_in = is_signed_in
        self._seconds = seconds
        self._clock = clock
        self._valid: dict[bytes, float] = {}
        """When each token was found to be valid, by its digest."""
        self._ended: set[bytes] = set()
        self._failed_at = -float("inf")

    def has_ended(self, token: str, *, is_safe: bool) -> bool:
        """Return whether a token has been revoked. `is_safe` requests may take a cached answer."""
        key = _digest(token)
        if key in self._ended:
            return True
        now = self._clock()
        if is_safe and now - self._valid.get(key, -float("inf")) < self._seconds:
            return False
        if now - self._failed_at < self._seconds:
            return False
        try:
            if not self._is_signed_in(token):
                self.end(token)
                return True
        except UpstreamError as error:
            self._failed_at = self._clock()
            log.warning("sessions are not checked for %s s: %s", self._seconds, error)
            return False
        if len(self._valid) >= MOST:
            self._valid.clear()
        self._valid[key] = now
        return False

    def begin(self, token: str) -> None:
        """Take a token for good that the issuer has just given out."""
        self._ended.discard(_digest(token))

    def end(self, token: str) -> None:
        """Refuse a token from now on, in this process at once."""
        if len(self._ended) >= MOST:
            self._ended.clear()
        self._ended.add(_digest(token))


def init_app(app: Flask, settings: Settings, is_signed_in: Callable[[str], bool]) -> None:
    """Have `flask_chassis.web.sessions` check sessions; `is_signed_in` asks about a token."""
    app.extensions["session_check"] = SessionCheck(is_signed_in, settings["session.check_seconds"])


def is_safe() -> bool:
    """Return whether the current request only reads."""
    return request.method in SAFE


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()
