"""Verifies the tokens that callers bring: RS256 JWTs, signed by a key that their `kid` names."""

from dataclasses import dataclass
from typing import Any

import jwt
from flask import Flask

from . import project_files
from .keys import PublicKeys
from .settings import Settings

ALGORITHM = "RS256"
CLAIMS = ("sub", "username", "iat", "exp", "iss", "aud", "scope")
LONGEST_USERNAME = 50


class BadTokenError(Exception):
    """The token is not valid; the message says why, in words that a caller may read."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says of its bearer."""

    subject: str
    username: str
    scopes: frozenset[str]


class Verifier:
    """Verifies tokens against a folder of keys, one issuer and one audience."""

    def __init__(self, keys: PublicKeys, issuer: str, audience: str, leeway_seconds: int) -> None:
        """`leeway_seconds` is how far the issuer's clock may be from this one."""
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._leeway = leeway_seconds

    def verify(self, token: str) -> Claims:
        """Return the claims of a valid token; BadTokenError for any other text."""
        try:
            kid = jwt.get_unverified_header(token).get("kid")
            key = self._keys.get(kid) if isinstance(kid, str) else None
            if key is None:
                raise BadTokenError("it is signed by an unknown key")
            return _claims(
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
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:
            # The last four come out of PyJWT for texts that are no token at all.
            raise BadTokenError("it cannot be verified") from error


def init_app(app: Flask, settings: Settings) -> None:
    """Read the public keys; StartError where there is none."""
    folder = project_files.working_folder() / settings["tokens.public_keys_folder"]
    app.extensions["tokens"] = Verifier(
        PublicKeys(folder),
        issuer=settings["tokens.issuer"],
        audience=settings["tokens.audience"],
        leeway_seconds=settings["tokens.leeway_seconds"],
    )


def _claims(payload: dict[str, Any]) -> Claims:
    username, scope = payload["username"], payload["scope"]
    if not isinstance(username, str) or not 1 <= len(username) <= LONGEST_USERNAME:
        raise BadTokenError("its username is not a text of 1 to 50 characters")
    if not username.isprintable():
        raise BadTokenError("its username has characters that cannot be printed")
    if not isinstance(scope, str):
        raise BadTokenError("its scope is not a text")
    return Claims(payload["sub"], username, frozenset(scope.split()))
