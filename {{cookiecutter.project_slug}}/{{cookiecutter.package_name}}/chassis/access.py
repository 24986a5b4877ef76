"""Marks of views that say who may call them; every view carries one, and a test sees to it.

`public` and `internal` are here. A part that has callers of its own (tokens, sessions) marks what
it guards with `marked`.
"""

from collections.abc import Callable
from typing import Any, TypeVar

View = TypeVar("View", bound=Callable[..., Any])


def public(view: View) -> View:
    """Anyone may call the view."""
    return marked(view, "public")


def internal(view: View) -> View:
    """Anyone inside the cluster may call the view; the public ingress does not route to it."""
    return marked(view, "internal")


def marked(view: View, who: str) -> View:
    """Say who may call a view."""
    view._access = who  # type: ignore[attr-defined]  # a function takes any attribute
    return view


def decision(view: Callable[..., Any]) -> str | None:
    """Return who may call a view, or None where nobody has decided."""
    return getattr(view, "_access", None)
