"""Signs tokens for tests and for developers; in all other environments only the issuer does."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from flask_chassis.settings import Settings


class Bearer:
    """Makes the `Authorization` header of a caller: `client.get(path, headers=bearer("ada"))`."""

    def __init__(self, settings: Settings, key: Path) -> None:
        """`key` is the private key; the service under test accepts its public half."""
        self._token = cache(lambda *whose: sign(settings, key, *whose))

    def __call__(self, username: str = "ada", scope: str = "") -> dict[str, str]:
        """Return the header with a token of this user and these scopes, separated by spaces."""
        return {"Authorization": f"Bearer {self._token(username, scope)}"}


def sign(settings: Settings, key: Path, username: str, scope: str = "", seconds: int = 3600) -> str:
    """Return a token signed with a private key, whose file name without `.pem` is the key's id."""
    from flask_chassis.auth.signing import Signer
    from flask_chassis.auth.signing_key import SigningKey

    signer = Signer(settings, SigningKey(key.parent, key.stem))
    return signer.sign(username, username, scope, seconds)
