"""The service with a few routes that use up what a container has."""

import os
from importlib import import_module

from flask.typing import ResponseReturnValue
from flask_chassis.auth.access import public

application = import_module(f"{os.environ['PLANTED_IN']}.wsgi").application
leaked: list[bytes] = []


@application.get("/planted/leak/<int:megabytes>")
@public
def leak(megabytes: int) -> ResponseReturnValue:
    leaked.extend(b"x" * (1 << 20) for _ in range(megabytes))
    return {"pid": os.getpid()}


@application.get("/planted/pid")
@public
def pid() -> ResponseReturnValue:
    return {"pid": os.getpid()}
