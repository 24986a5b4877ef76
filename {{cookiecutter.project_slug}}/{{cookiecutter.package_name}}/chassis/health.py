"""Answers the probes: `/health/live` for the process, `/health/ready` for what it needs.

Each part of the chassis says what it needs; nothing here knows what that is:

    health.needs(app, "database", ping)
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, Flask, Response, current_app

from . import responses
from .access import internal
from .settings import Settings

blueprint = Blueprint("health", __name__, url_prefix="/health")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Need:
    """Something that a service needs, and how to ask whether it is there."""

    name: str
    check: Callable[[], None]
    is_vital: bool


def init_app(app: Flask, settings: Settings) -> None:
    """Add the two probes; what is needed is added by the parts that come after."""
    app.extensions["health"] = []
    app.register_blueprint(blueprint)


def needs(app: Flask, name: str, check: Callable[[], None], *, is_vital: bool = True) -> None:
    """Have `/health/ready` call `check`, which raises where what the service needs is not there.

    What is vital takes the service out of the traffic while it is gone. The rest is told only: a
    service that can say what is missing is better than none.
    """
    app.extensions["health"].append(Need(name, check, is_vital))


@blueprint.get("/live")
@internal
def live() -> Response:
    """Answer 200 as long as the process can answer: nothing lost is mended by a restart."""
    return responses.json({"status": "ok"})


@blueprint.get("/ready")
@internal
def ready() -> Response:
    """Answer 200 when requests can be served, else 503, so that no traffic is sent here."""
    is_ready, checks = True, {}
    for need in current_app.extensions["health"]:
        try:
            need.check()
        except Exception as error:  # noqa: BLE001  (whatever it is: it is not there)
            state = "not ready" if need.is_vital else "ready all the same"
            log.warning("%s: %s does not answer: %s", state, need.name, error)
            checks[need.name] = "unreachable"
            is_ready = is_ready and not need.is_vital
        else:
            checks[need.name] = "ok"
    status = "ok" if is_ready else "unavailable"
    return responses.json({"status": status, "checks": checks}, 200 if is_ready else 503)
