"""Verifies the tokens that callers bring: RS256 JWTs, signed by a key that their `kid` names."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jwt
from flask import Flask

from . import health, key_sources
from .keys import ALGORITHM, KeySource
from .settings import Settings
from .verified_tokens import VerifiedTokens

CLAIMS = ("sub", "username", "iat", "exp", "iss", "aud", "scope")
LONGEST_USERNAME = 50


class BadTokenError(Exception):
    """The token is not valid; the message says why, in words that a caller may read."""


class NoKeysError(Exception):
    """No token can be verified."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says of its bearer."""

    subject: str
    username: str
    scopes: frozenset[str]
    expires: int
    """When, in seconds since 1970; a verifier's leeway comes on top."""
    token_id: str | None = None
    """The token's own name, its `jti`, by which the issuer revokes it."""


class Verifier:
    """Verifies tokens against the keys of one source, one issuer and one audience."""

    def __init__(self, keys: KeySource, issuer: str, audience: str, leeway_seconds: int) -> None:
        """`leeway_seconds` is how far the issuer's clock may be from this one."""
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._leeway = leeway_seconds
        self._is_refused: Callable[[Claims], bool] | None = None
        self._remembered: VerifiedTokens[Claims] = VerifiedTokens(keys.get)

    def refuse(self, is_refused: Callable[[Claims], bool]) -> None:
        """Ask this of each token that is valid otherwise, and refuse those it returns True for."""
        self._is_refused = is_refused

    def check(self) -> None:
        """Raise where there have been no keys yet: no token can be told from a forged one.

        Keys that cannot be refreshed are no reason to send the traffic elsewhere, for elsewhere is
        no better, and what needs no token is served.
        """
        if not self._keys.is_ready():
            raise NoKeysError("there are no public keys of the issuer yet")

    def verify(self, token: str) -> Claims:
        """Return the claims of a valid token; BadTokenError for any other text.

        KeysUnavailableError where it takes the issuer to tell, and the issuer does not answer.
        """
        claims = self._remembered.get(token) or self._verified(token)
        if self._is_refused and self._is_refused(claims):
            raise BadTokenError("it has been revoked")
        return claims

    def _verified(self, token: str) -> Claims:
        try:
            kid = jwt.get_unverified_header(token).get("kid")
            if not isinstance(kid, str) or (key := self._keys.get(kid)) is None:
                raise BadTokenError("it is signed by an unknown key")
            claims = _claims(
                jwt.decode(
                    token,
                    key,
                    algorithms=[ALGORITHM],
                    issuer=self._issuer,
                    audience=self._audience,
                    leeway=self._leeway,
                    options={"require": list(CLAIMS)},
                )
            )
        except jwt.ExpiredSignatureError as error:
            raise BadTokenError("it has expired") from error
        except jwt.ImmatureSignatureError as error:
            raise BadTokenError("it is not valid yet") from error
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:
            # The last four come out of PyJWT for texts that are no token at all.
            raise BadTokenError("it cannot be verified") from error
        self._remembered.add(token, claims, kid, key, claims.expires)
        return claims


def init_app(app: Flask, settings: Settings) -> None:
    """Take up the public keys; StartError where there can be none."""
    verifier = Verifier(
        key_sources.from_settings(settings),
        issuer=settings["tokens.issuer"],
        audience=settings["tokens.audience"],
        leeway_seconds=settings["tokens.leeway_seconds"],
    )
    app.extensions["tokens"] = verifier
    health.needs(app, "token_keys", verifier.check)


def _claims(payload: dict[str, Any]) -> Claims:
    username, scope = payload["username"], payload["scope"]
    if not isinstance(username, str) or not 1 <= len(username) <= LONGEST_USERNAME:
        raise BadTokenError("its username is not a text of 1 to 50 characters")
    if not username.isprintable():
        raise BadTokenError("its username has characters that cannot be printed")
    if not isinstance(scope, str):
        raise BadTokenError("its scope is not a text")
    return Claims(
        subject=payload["sub"],
        username=username,
        scopes=frozenset(scope.split()),
        expires=int(payload["exp"]),
        token_id=payload.get("jti"),
    )
