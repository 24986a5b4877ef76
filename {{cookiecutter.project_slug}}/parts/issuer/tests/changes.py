"""What tests change about the service, and what they observe of it."""

from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest
from argon2 import PasswordHasher, extract_parameters

from {{ cookiecutter.package_name }}.chassis.settings import Settings


def changed(settings: Settings, environment: str = "", **others: Any) -> Settings:
    """Return settings with some changed: `changed(settings, tokens__life_seconds=1)`."""
    values = dict(settings.values)
    values |= {key.replace("__", "."): value for key, value in others.items()}
    return replace(
        settings,
        environment=environment or settings.environment,
        values=MappingProxyType(values),
    )


def verified_with(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Return a list that gets the parameters of each hash that a password is verified with."""
    found: list[object] = []
    verify = PasswordHasher.verify

    def noted(self: PasswordHasher, hash: str, password: str) -> object:
        found.append(extract_parameters(hash))
        return verify(self, hash, password)

    monkeypatch.setattr(PasswordHasher, "verify", noted)
    return found
