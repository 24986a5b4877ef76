"""The rendered service without one of its parts: an application that uWSGI loads, in its place.

It runs in the service's environment. WITHOUT names the parts, SERVICE_PACKAGE the package.
"""

import os
from importlib import import_module

PARTS = {
    "logs": "logs",
    "metrics": "metrics",
    "request ids": "request_ids",
    "error handling": "errors",
}

package = os.environ["SERVICE_PACKAGE"]
parts = [part for part in os.environ["WITHOUT"].split(",") if part]
modules = [PARTS[part] for part in parts]
if {"logs", "metrics"} <= set(modules):
    modules.append("answers")  # it times requests for these two alone
for name in modules:
    module = import_module(f"{package}.chassis.{name}")
    module.init_app = lambda app, settings: None  # type: ignore[attr-defined]

application = import_module(f"{package}.wsgi").application
