"""Settings that differ from those of the test session."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flask_chassis.settings import Settings


def changed(settings: Settings, environment: str = "", **others: Any) -> Settings:
    """Return a copy of the settings with other values: `changed(settings, logs__level="DEBUG")`.

    A double underscore in a name stands for a dot, as in environment variables. settings.yaml need
    not declare the keys.
    """
    values = dict(settings.values)
    values |= {key.replace("__", "."): value for key, value in others.items()}
    return replace(
        settings,
        environment=environment or settings.environment,
        values=MappingProxyType(values),
    )
