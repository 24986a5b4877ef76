"""Remembers for a moment which tokens were verified: a user sends the same one again and again.

A remembered token is looked up by its digest, counts only as long as its key is the one that it was
verified with, and is forgotten at its `exp`, and where the clock has been put back.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Generic, TypeVar

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

SECONDS = 30.0
"""How long a token stays in the cache at most."""

MOST = 10_000
"""Largest number of tokens in the cache; they take about 5 MB."""

Claims = TypeVar("Claims")


@dataclass(frozen=True, slots=True)
class _Verified(Generic[Claims]):
    claims: Claims
    kid: str
    key: RSAPublicKey
    verified: float
    expires: float
    since: float


class VerifiedTokens(Generic[Claims]):
    """A cache of the tokens that were verified a moment ago."""

    def __init__(self, key_of: Callable[[str], RSAPublicKey | None]) -> None:
        """`key_of` returns the current key of a `kid`."""
        self._key_of = key_of
        self._known: dict[bytes, _Verified[Claims]] = {}

    def __len__(self) -> int:
        """Return the number of tokens in the cache."""
        return len(self._known)

    def get(self, token: str) -> Claims | None:
        """Return the claims of a cached token that is still valid, or None."""
        known = self._known.get(_digest(token))
        if (
            known is None
            or time.monotonic() - known.since >= SECONDS
            or not known.verified <= time.time() < known.expires
            or self._key_of(known.kid) is not known.key
        ):
            return None
        return known.claims

    def add(self, token: str, claims: Claims, kid: str, key: RSAPublicKey, expires: float) -> None:
        """Add a token that has just been verified."""
        if len(self._known) >= MOST:
            # Simpler than to find out which are old, and as rare as it is cheap.
            self._known.clear()
        self._known[_digest(token)] = _Verified(
            claims, kid, key, time.time(), expires, time.monotonic()
        )


def _digest(token: str) -> bytes:
    return sha256(token.encode(errors="replace")).digest()
