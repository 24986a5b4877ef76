"""The issuer's public keys, fetched, cached and refreshed.

A request never waits for a key that is known: an old cache is refreshed behind its back. For a key
that is not known the issuer is asked at once, but not more often than `Bounds` says, whatever comes
in: a flood of made-up key ids does not reach the issuer, and keeps no thread busy for long.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from flask_chassis.auth.jwks import JwksError, Keys
from flask_chassis.auth.public_keys import KeysUnavailableError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Bounds:
    """Ages, intervals and time-outs, all in seconds."""

    cache: float = 300
    """Age after which the keys are fetched again; a removed key works for as long."""

    again: float = 10
    """Shortest interval between the beginnings of two attempts, successful or not."""

    wait: float = 1
    """How long a request with an unknown key waits for an attempt to end."""

    stale: float = 24 * 3600
    """Time since the last success after which known keys are no longer trusted."""


@dataclass(slots=True)
class Attempt:
    """An attempt to fetch the keys, in a thread of its own."""

    began: float
    ended: threading.Event = field(default_factory=threading.Event)
    succeeded: bool = False


@dataclass(frozen=True, slots=True)
class Fetched:
    """The keys of the last successful attempt, and when it began."""

    keys: Keys
    at: float


class RemoteKeys:
    """The public keys that `fetch` returns, by key id."""

    def __init__(
        self,
        fetch: Callable[[], Keys],
        bounds: Bounds | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Fetch nothing yet. `fetch` raises JwksError if it fails."""
        self._fetch = fetch
        self._bounds = bounds or Bounds()
        self._clock = clock
        self._lock = threading.Lock()
        # Replaced as a whole, and so read without the lock.
        self._fetched = Fetched({}, at=-float("inf"))
        self._newest: Attempt | None = None

    def get(self, kid: str) -> RSAPublicKey | None:
        """Return the key of this id, or None where the issuer has none.

        KeysUnavailableError where that cannot be said, as the issuer does not answer.
        """
        if key := self._known(kid):
            self._refresh_in_time()
            return key
        attempt = self._attempt()
        attempt.ended.wait(max(0.0, attempt.began + self._bounds.wait - self._clock()))
        if key := self._known(kid):
            return key
        if not attempt.succeeded:
            raise KeysUnavailableError
        return None

    def is_ready(self) -> bool:
        """Return whether there have ever been keys.

        Being asked for keys, and be it by a probe, is what keeps them fresh.
        """
        self._refresh_in_time()
        return bool(self._fetched.keys)

    def warm_up(self) -> None:
        """Fetch the keys, waiting a moment for them, so that the first request need not."""
        attempt = self._attempt()
        attempt.ended.wait(self._bounds.wait)

    def _known(self, kid: str) -> RSAPublicKey | None:
        fetched = self._fetched
        if self._clock() - fetched.at > self._bounds.stale:
            return None
        return fetched.keys.get(kid)

    def _refresh_in_time(self) -> None:
        if self._clock() - self._fetched.at > self._bounds.cache:
            self._attempt()

    def _attempt(self) -> Attempt:
        """Return the newest attempt: a new one, unless the last began a moment ago.

        By then an attempt has ended by its own time-out. Should one hang nevertheless, or have been
        lost in a fork, it is not waited for.
        """
        newest = self._newest
        if newest is not None and self._clock() - newest.began < self._bounds.again:
            return newest
        with self._lock:
            now = self._clock()
            if self._newest is None or now - self._newest.began >= self._bounds.again:
                self._newest = Attempt(now)
                self._begin(self._newest)
            return self._newest

    def _begin(self, attempt: Attempt) -> None:
        try:
            threading.Thread(target=self._run, args=[attempt], name="jwks", daemon=True).start()
        except RuntimeError as error:  # the machine has no thread to spare
            log.error("the public keys of the issuer cannot be fetched: %s", error)
            attempt.ended.set()

    def _run(self, attempt: Attempt) -> None:
        try:
            self._take(self._fetch(), attempt)
        except JwksError as error:
            age = self._clock() - self._fetched.at
            known = (
                f"those of {age:.0f} s ago go on serving" if self._fetched.keys else "none known"
            )
            log.error("the public keys of the issuer cannot be fetched (%s): %s", known, error)
        finally:
            attempt.ended.set()

    def _take(self, keys: Keys, attempt: Attempt) -> None:
        with self._lock:
            if attempt.began < self._fetched.at:
                return  # it hung, and a later one has brought newer keys
            before, self._fetched = self._fetched, Fetched(keys, attempt.began)
        attempt.succeeded = True
        if before.keys.keys() != keys.keys():
            log.info("public keys of the issuer: %s", ", ".join(sorted(keys)))
