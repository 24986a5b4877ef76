"""Refuses tasks that are for development and tests only."""

from flask_chassis.settings import Settings
from invoke import Exit


def require_developers(found: Settings, name: str) -> None:
    """Raise Exit unless an environment is for developers."""
    if not found.is_for_developers:
        raise Exit(f"{name} is for development; this is {found.environment}.", 1)
