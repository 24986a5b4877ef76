"""Observes how an issuer hashes passwords."""

import pytest
from argon2 import PasswordHasher, extract_parameters


def verified_with(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Return a list that gets the Argon2 parameters of each hash that a password is checked."""
    found: list[object] = []
    verify = PasswordHasher.verify

    def noted(self: PasswordHasher, hash: str, password: str) -> object:
        found.append(extract_parameters(hash))
        return verify(self, hash, password)

    monkeypatch.setattr(PasswordHasher, "verify", noted)
    return found
