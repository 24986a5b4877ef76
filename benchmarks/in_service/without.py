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


parts = [part for part in os.environ["WITHOUT"].split(",") if part]
replaced = [function for part in parts for function in PARTS[part]]
if set(parts) == set(PARTS):
    replaced.append(("http.middleware", "init_app"))  # with the clock and the header
for name, function in replaced:
    setattr(import_module(f"flask_chassis.{name}"), function, nothing)

application = import_module(f"{os.environ['MEASURED']}.wsgi").application
