"""Checks the claims of a token whose signature is right: an issuer may be at fault as well.

What is not as RFC 7519 and RFC 6749 have it is refused, so that no view has to expect it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LONGEST_USERNAME = 50
LONGEST_ID = 255
"""Of `sub`, as OpenID Connect has it, and of `jti`: what is longer fits into no index."""

END_OF_9999 = 253_402_300_799
"""The last second that Python's and PostgreSQL's times have in common."""

# RFC 6749, 3.3: words of visible ASCII but quotes and backslashes, with one space between.
SCOPE = re.compile(r"(?:[!#-\[\]-~]+(?: [!#-\[\]-~]+)*)?")


class BadTokenError(Exception):
    """The token is not valid; the message, which callers may read, says why."""


@dataclass(frozen=True, slots=True)
class Claims:
    """The claims of a verified token."""

    subject: str
    username: str
    scopes: frozenset[str]
    expires: int
    """Expiry in seconds since 1970, without the verifier's leeway."""
    token_id: str | None = None
    """The `jti` claim, by which the issuer revokes the token."""


def checked(payload: Mapping[str, Any]) -> Claims:
    """Return the claims of a token; BadTokenError names the one that is not valid."""
    username, scope, token_id = payload["username"], payload["scope"], payload.get("jti")
    if not isinstance(username, str) or not 1 <= len(username) <= LONGEST_USERNAME:
        raise BadTokenError("its username is not a text of 1 to 50 characters")
    if not username.isprintable():
        raise BadTokenError("its username has characters that cannot be printed")
    # Python's split() would also find the word admin in "admin\n" and "admin\u3000".
    if not isinstance(scope, str) or not SCOPE.fullmatch(scope):
        raise BadTokenError("its scope is not a list of words with one space between")
    for name in ("exp", "iat", "nbf"):
        if name in payload and not _is_time(payload[name]):
            raise BadTokenError(f"its {name} is not a time in seconds since 1970")
    for name in ("sub", "jti"):
        if name in payload and not _is_id(payload[name]):
            raise BadTokenError(f"its {name} is not a text of 1 to {LONGEST_ID} characters")
    return Claims(
        subject=payload["sub"],
        username=username,
        scopes=frozenset(scope.split(" ")) if scope else frozenset(),
        expires=int(payload["exp"]),
        token_id=token_id,
    )


def _is_time(value: object) -> bool:
    """Return whether a value is a NumericDate: PyJWT takes a text or a boolean for one, too."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return 0 <= value <= END_OF_9999  # neither NaN nor infinity is


def _is_id(value: object) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= LONGEST_ID and value.isprintable()
