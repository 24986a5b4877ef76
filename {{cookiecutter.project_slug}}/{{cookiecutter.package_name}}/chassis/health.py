"""Answers the probes: `/health/live` for the process, `/health/ready` for what it needs."""

import logging

from flask import Blueprint, Flask, Response
from sqlalchemy.exc import SQLAlchemyError

from . import database, responses
from .authentication import internal
from .settings import Settings

blueprint = Blueprint("health", __name__, url_prefix="/health")
log = logging.getLogger(__name__)


def init_app(app: Flask, settings: Settings) -> None:
    """Add the two probes."""
    app.register_blueprint(blueprint)


@blueprint.get("/live")
@internal
def live() -> Response:
    """Answer 200 as long as the process can answer: no lost database is mended by a restart."""
    return responses.json({"status": "ok"})


@blueprint.get("/ready")
@internal
def ready() -> Response:
    """Answer 200 when requests can be served, else 503, so that no traffic is sent here."""
    try:
        database.ping()
    except SQLAlchemyError as error:
        log.warning("not ready: the database does not answer: %s", error)
        checks = {"database": "unreachable"}
        return responses.json({"status": "unavailable", "checks": checks}, 503)
    return responses.json({"status": "ok", "checks": {"database": "ok"}})
