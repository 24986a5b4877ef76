"""Verifies the tokens of callers: RS256 JWTs, signed with the key that their `kid` names."""

from collections.abc import Callable

import jwt
from flask import Flask

from flask_chassis.auth import claims, key_sources
from flask_chassis.auth.claims import BadTokenError as BadTokenError
from flask_chassis.auth.claims import Claims as Claims
from flask_chassis.auth.public_keys import ALGORITHM, KeySource
from flask_chassis.auth.token_cache import VerifiedTokens
from flask_chassis.observability import health
from flask_chassis.settings import Settings

REQUIRED_CLAIMS = ("sub", "username", "iat", "exp", "iss", "aud", "scope")


class NoKeysError(Exception):
    """There are no public keys, so no token can be verified."""


class Verifier:
    """Verifies tokens by public keys, issuer and audience."""

    def __init__(self, keys: KeySource, issuer: str, audience: str, leeway_seconds: int) -> None:
        """`leeway_seconds` is the accepted difference between the clocks of issuer and service."""
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._leeway = leeway_seconds
        self._is_refused: Callable[[Claims], bool] | None = None
        self._remembered: VerifiedTokens[Claims] = VerifiedTokens(keys.get)

    def refuse(self, is_refused: Callable[[Claims], bool]) -> None:
        """Refuse also the tokens for which a function returns True, as revoked ones."""
        self._is_refused = is_refused

    def check(self) -> None:
        """Raise NoKeysError if there have never been keys; the readiness check calls this.

        Keys that cannot be refreshed do not make the service unready: no other instance would have
        newer ones, and requests without a token are still served.
        """
        if not self._keys.is_ready():
            raise NoKeysError("there are no public keys of the issuer yet")

    def verify(self, token: str) -> Claims:
        """Return the claims of a token; BadTokenError if it is not valid.

        Raises KeysUnavailableError if the key is unknown and the issuer does not answer.
        """
        found = self._remembered.get(token) or self._verified(token)
        if self._is_refused and self._is_refused(found):
            raise BadTokenError("it has been revoked")
        return found

    def _verified(self, token: str) -> Claims:
        try:
            kid = jwt.get_unverified_header(token).get("kid")
            if not isinstance(kid, str) or (key := self._keys.get(kid)) is None:
                raise BadTokenError("it is signed by an unknown key")
            found = claims.checked(
                jwt.decode(
                    token,
                    key,
                    algorithms=[ALGORITHM],
                    issuer=self._issuer,
                    audience=self._audience,
                    leeway=self._leeway,
                    options={"require": list(REQUIRED_CLAIMS)},
                )
            )
        except jwt.ExpiredSignatureError as error:
            raise BadTokenError("it has expired") from error
        except jwt.ImmatureSignatureError as error:
            raise BadTokenError("it is not valid yet") from error
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:
            # The last four come out of PyJWT for texts that are no token at all.
            raise BadTokenError("it cannot be verified") from error
        self._remembered.add(token, found, kid, key, found.expires)
        return found


def init_app(app: Flask, settings: Settings) -> None:
    """Read the public keys; ConfigurationError if none exist."""
    verifier = Verifier(
        key_sources.from_settings(settings),
        issuer=settings["tokens.issuer"],
        audience=settings["tokens.audience"],
        leeway_seconds=settings["tokens.leeway_seconds"],
    )
    app.extensions["tokens"] = verifier
    health.needs(app, "token_keys", verifier.check)
