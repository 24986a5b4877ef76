"""Access is closed by default: a route whose view has no access decision is not served.

Routes that exist when the application is created are checked then (`check`); those that are added
later are checked when a request calls them, and answered with 500.
"""

from collections.abc import Callable, Iterator
from typing import Any

from flask import Flask, current_app, request
from werkzeug.routing import Rule

from flask_chassis.auth.access import decision, decision_for
from flask_chassis.exceptions import ConfigurationError

FIX = (
    "Decorate the view, or the handler of the method, with @public, @internal, @token_required, "
    "@scope_required or @sessions.required, as the outermost decorator; for a view that is not "
    "yours, call access.decide(app, endpoint, public)."
)
STATIC_FIX = (
    "For Flask's own static files, create the application with Flask(..., static_folder=None), or "
    'call access.decide(app, "static", public).'
)


def init_app(app: Flask) -> None:
    """Check all routes, and register the check of routes that are added later.

    Call this after everything else has added its routes. Raises ConfigurationError.
    """
    check(app)
    app.before_request(_refuse_undecided())


def check(app: Flask) -> None:
    """Raise ConfigurationError, which lists all routes without an access decision."""
    found = undecided(app)
    if found:
        lines = "\n".join(f"  {line}" for line in found)
        static = f" {STATIC_FIX}" if _is_undecided(app.view_functions.get("static")) else ""
        raise ConfigurationError(f"Routes without an access decision:\n{lines}\n{FIX}{static}")


def undecided(app: Flask) -> list[str]:
    """Return the routes without an access decision, as `GET /users/ (billing.users.list_users)`."""
    return [
        _described(method, rule, app.view_functions[rule.endpoint])
        for rule in app.url_map.iter_rules()
        # Rules of these sorts call no view.
        if not rule.build_only and not rule.redirect_to and rule.endpoint in app.view_functions
        for method in sorted(_methods(app, rule))
        if decision_for(app.view_functions[rule.endpoint], method) is None
    ]


def _is_undecided(view: Callable[..., Any] | None) -> bool:
    return view is not None and decision(view) is None


def _methods(app: Flask, rule: Rule) -> Iterator[str]:
    """Yield the methods of a rule that call its view."""
    view = app.view_functions[rule.endpoint]
    view_class = getattr(view, "view_class", None)
    methods = rule.methods
    if methods is None:  # the rule was made without Flask, and takes any method
        methods = set(getattr(view_class, "methods", None) or ["any method"])
    for method in methods:
        if method == "OPTIONS" and _answers_options_itself(rule):
            continue
        if method == "HEAD" and "GET" in methods and not hasattr(view_class, "head"):
            continue  # it is as GET, which is listed
        yield method


def _answers_options_itself(rule: Rule | None) -> bool:
    """Return whether Flask answers OPTIONS of a rule without calling its view."""
    return bool(getattr(rule, "provide_automatic_options", False))


def _refuse_undecided() -> Callable[[], None]:
    known: dict[tuple[str, str], Any] = {}
    """The views that were found to have a decision, by endpoint and method."""

    def refuse_undecided() -> None:
        """Raise ConfigurationError, which is logged and answered with 500."""
        rule = request.url_rule
        if rule is None:  # 404 or 405
            return
        method = request.method
        view = current_app.view_functions.get(rule.endpoint)
        key = rule.endpoint, method
        if view is None or known.get(key) is view:
            return
        if method == "OPTIONS" and _answers_options_itself(rule):
            return
        if decision_for(view, method) is None:
            raise ConfigurationError(
                f"{_described(method, rule, view)} has no access decision and is not served. {FIX}"
            )
        if rule.methods is not None:  # else a client could fill the memory with methods
            known[key] = view

    return refuse_undecided


def _described(method: str, rule: Rule, view: Any) -> str:
    what = getattr(view, "view_class", view)
    name = getattr(what, "__qualname__", None) or type(what).__qualname__
    module = getattr(what, "__module__", None)
    return f"{method} {rule.rule} ({f'{module}.{name}' if module else name})"
