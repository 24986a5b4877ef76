"""Access decisions: decorators that say who may call a view. Every view carries exactly one.

`public` and `internal` are here. Parts with callers of their own (tokens, sessions) mark the views
that they protect with `marked`. A view without a decision is not served: see
`flask_chassis.auth.closed`.
"""

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from flask import Flask
from flask.views import MethodView

View = TypeVar("View", bound=Callable[..., Any])


def public(view: View) -> View:
    """Let anyone call the view."""
    return marked(view, "public")


def internal(view: View) -> View:
    """Let anyone inside the cluster call the view; the public ingress does not route to it."""
    return marked(view, "internal")


def marked(view: View, who: str) -> View:
    """Record who may call a view."""
    if inspect.ismethod(view):  # which takes no attributes
        view = functools.partial(view)  # type: ignore[assignment]  # same signature as the view
    view._access = who  # type: ignore[attr-defined]  # a function takes any attribute
    return view


def decide(app: Flask, endpoint: str, decorator: Callable[[Any], Any]) -> None:
    """Decorate a view that the service did not write, such as one of an extension.

    `access.decide(app, "static", access.public)` serves Flask's static files to anyone. Call it
    after the extension has added its routes. Raises KeyError for an unknown endpoint.
    """
    app.view_functions[endpoint] = decorator(app.view_functions[endpoint])


def decision(view: Callable[..., Any]) -> str | None:
    """Return who may call a view, or None if it has no access decision."""
    return getattr(view, "_access", None)


def decision_for(view: Callable[..., Any], method: str) -> str | None:
    """Return who may call a view with an HTTP method, or None without an access decision.

    `view` is what Flask calls. If it is made of a class (MethodView, Flask-RESTX's Resource), the
    decision is on it (`decorators`), on `dispatch_request`, or on the handler of the method.
    """
    view_class = getattr(view, "view_class", None)
    found = decision(view)
    if found is not None or view_class is None:
        return found
    found = decision(view_class.dispatch_request)
    if found is not None or not issubclass(view_class, MethodView):
        return found
    handler = getattr(view_class, method.lower(), None)
    if handler is None and method == "HEAD":
        handler = getattr(view_class, "get", None)
    if handler is None:
        return None
    # Flask-RESTX wraps the handler in these for each request; they mark what they return.
    decorators: Iterable[Callable[[Any], Any]] = getattr(view_class, "method_decorators", ())
    for decorator in decorators:
        handler = decorator(handler)
    return decision(handler)
