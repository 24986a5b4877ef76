"""Signs tokens, as tokens.py verifies them.

Only the issuer has a private key; elsewhere this serves a developer's own keys, for the tasks.
"""

import time
from uuid import uuid4

import jwt

from flask_chassis.auth.public_keys import ALGORITHM
from flask_chassis.auth.signing_key import SigningKey
from flask_chassis.settings import Settings


class Signer:
    """Signs tokens with the key that is to, in the name of the issuer that the settings name."""

    def __init__(self, settings: Settings, key: SigningKey) -> None:
        """The settings say who the issuer is and who the tokens are for."""
        self._key = key
        self._issuer = settings["tokens.issuer"]
        self._audience = settings["tokens.audience"]

    def sign(self, subject: str, username: str, scope: str, seconds: int) -> str:
        """Return a token that is valid for some seconds from now."""
        now = int(time.time())
        kid, key = self._key.current()
        claims = {
            "sub": subject,
            "username": username,
            "iat": now,
            "exp": now + seconds,
            "iss": self._issuer,
            "aud": self._audience,
            "scope": scope,
            "jti": uuid4().hex,
        }
        return jwt.encode(claims, key, ALGORITHM, headers={"kid": kid})
