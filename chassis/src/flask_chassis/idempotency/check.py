"""Checks when an application starts that its idempotent operations can store their keys."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, TypeVar

from flask import Flask
from werkzeug.routing import Rule

from flask_chassis.auth.access import decision_for
from flask_chassis.exceptions import ConfigurationError
from flask_chassis.settings import Settings

EXTENSION = "idempotency"
TABLE = "idempotency_keys"
"""The table of `flask_chassis.idempotency.tables`."""

SETTING = "database.keep_idempotency_keys_hours"
METHODS = frozenset({"POST", "PATCH"})
"""Those of the draft. GET, PUT and DELETE can be repeated as they are."""

View = TypeVar("View", bound=Callable[..., Any])


def mark(view: View) -> View:
    """Record that a view is idempotent."""
    view._is_idempotent = True  # type: ignore[attr-defined]  # a function takes any attribute
    return view


def init_app(app: Flask, settings: Settings) -> None:
    """Check the application if it has idempotent operations, and read the setting for them.

    Raises ConfigurationError, which says what to do.
    """
    found = [*_idempotent(app)]
    if not found:
        return
    for name, method, access in found:
        if method not in METHODS:
            raise ConfigurationError(
                f"{name} is idempotent, which is for POST and PATCH: take `idempotent` out of "
                "@operation."
            )
        if access != "token" and not access.startswith("scope "):
            raise ConfigurationError(
                f"{name} is idempotent, and callers have no token. A key belongs to a caller: "
                "decorate the view with @token_required or @scope_required, or take `idempotent` "
                "out of @operation."
            )
    names = ", ".join(name for name, _, _ in found)
    if "database" not in app.extensions:
        raise ConfigurationError(
            f"The application has no database for the idempotency keys of {names}: call "
            "`database.init_app(app, settings)`, or take `idempotent` out of @operation."
        )
    if TABLE not in app.extensions["models"]().tables:
        raise ConfigurationError(
            f"The service has no table for the idempotency keys of {names}: add "
            "`from flask_chassis.idempotency import tables` to models.py, and write the migration "
            'with the task db.revision --message="Create the table of idempotency keys".'
        )
    hours = settings[SETTING]
    if hours < 1:
        raise ConfigurationError(f"{SETTING} is {hours}: set it to 1 or more.")
    app.extensions[EXTENSION] = timedelta(hours=hours)


def _idempotent(app: Flask) -> Iterator[tuple[str, str, str]]:
    """Yield method and path, method and access decision of idempotent operations."""
    for rule in app.url_map.iter_rules():
        view = app.view_functions.get(rule.endpoint)
        if view is None:
            continue
        for method in _methods(rule):
            handler = getattr(getattr(view, "view_class", None), method.lower(), None) or view
            if getattr(handler, "_is_idempotent", False):
                yield f"{method} {rule.rule}", method, decision_for(view, method) or ""


def _methods(rule: Rule) -> list[str]:
    return sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
