"""The rendered service without one of its parts: an application that uWSGI loads, in its place.

It runs in the service's environment. WITHOUT names the parts, MEASURED the service's package.
"""

import os
from importlib import import_module
from typing import Any

PARTS = {
    "logs": [("observability.log_config", "init_app"), ("http.access_log", "write")],
    "metrics": [("observability.metrics", "init_app"), ("observability.metrics", "count")],
    "request ids": [("http.request_id", "assign")],
    "error handling": [("http.errors", "init_app")],
}
"""The functions that are replaced by one that does nothing."""


def nothing(*arguments: Any) -> str:
    """Do nothing. As a request id, this is none."""
    return ""


def not_wrapped(wsgi_app: Any, settings: Any) -> Any:
    """Return Flask's application as it is: in the place of the middleware."""
    return wsgi_app


parts = [part for part in os.environ["WITHOUT"].split(",") if part]
for part in parts:
    for name, function in PARTS[part]:
        setattr(import_module(f"flask_chassis.{name}"), function, nothing)
if set(parts) == set(PARTS):
    # With the clock and the header. The checks that its init_app adds stay: without them too, a
    # request takes twice the CPU.
    import_module("flask_chassis.http.middleware").Middleware = not_wrapped  # type: ignore[attr-defined]

application = import_module(f"{os.environ['MEASURED']}.wsgi").application
