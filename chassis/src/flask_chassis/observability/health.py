"""Health checks: the liveness probe `/health/live` and the readiness probe `/health/ready`.

Each module registers the health checks of its dependencies:

    health.needs(app, "database", ping)
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, Flask, Response, current_app

from flask_chassis.auth.access import internal
from flask_chassis.http import responses
from flask_chassis.observability import log_config
from flask_chassis.observability.log_output import LONGEST_UNREAD_SECONDS
from flask_chassis.settings import Settings

PROBES = "/health/"
"""Prefix of the paths of the probes, which are never shed under load."""

blueprint = Blueprint("health", __name__, url_prefix="/health")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """The health check of a dependency of the service."""

    name: str
    check: Callable[[], None]
    is_vital: bool


def init_app(app: Flask, settings: Settings) -> None:
    """Add the two probes. Call this before other modules register their health checks."""
    app.extensions["health"] = []
    app.register_blueprint(blueprint)


def needs(app: Flask, name: str, check: Callable[[], None], *, is_vital: bool = True) -> None:
    """Register a health check, which `/health/ready` calls. It fails if `check` raises.

    If a vital check fails, the response is 503 and the service receives no traffic. If any other
    check fails, the response is 200 and only reports it: the service can still respond to users
    with a clear error.
    """
    app.extensions["health"].append(HealthCheck(name, check, is_vital))


@blueprint.get("/live")
@internal
def live() -> Response:
    """Liveness probe: respond 200. It checks no dependency, as a restart repairs none.

    If nobody reads standard output, a restart may help: the process has a new one then.
    """
    if log_config.seconds_unread() > LONGEST_UNREAD_SECONDS:
        log.error("standard output was not read")  # or it is now: then this line is written
    seconds = log_config.seconds_unread()
    if seconds > LONGEST_UNREAD_SECONDS:
        checks = {"standard output": f"not read for {seconds:.0f} s"}
        return responses.json({"status": "unavailable", "checks": checks}, 503)
    return responses.json({"status": "ok"})


@blueprint.get("/ready")
@internal
def ready() -> Response:
    """Readiness probe: respond 200 if no vital health check fails, else 503."""
    is_ready, checks = True, {}
    for health_check in current_app.extensions["health"]:
        name, is_vital = health_check.name, health_check.is_vital
        try:
            health_check.check()
        except Exception as error:  # noqa: BLE001  (a check may raise any exception)
            state = "not ready" if is_vital else "still ready"
            log.warning("%s: the health check of %s failed: %s", state, name, error)
            checks[name] = "unreachable"
            is_ready = is_ready and not is_vital
        else:
            checks[name] = "ok"
    status = "ok" if is_ready else "unavailable"
    return responses.json({"status": status, "checks": checks}, 200 if is_ready else 503)
