"""Makes the application: an ordered list of the parts that it consists of."""

from flask import Flask

from . import domain
from .chassis import (
    answers,
    errors,
    health,
    logs,
    metrics,
    overload,
    request_ids,
    security_headers,
    sessions,
    stuck,
    transport,
    upstream,
    version,
)
from .chassis import settings as settings_of_chassis
from .chassis.settings import Settings


def create_app(settings: Settings | None = None) -> Flask:
    """Return the application; StartError where it cannot run as it is configured."""
    settings = settings or settings_of_chassis.load()
    app = Flask(__package__, static_folder=None)
    # Each of these five goes around the ones before it.
    overload.init_app(app, settings)
    transport.init_app(app, settings)
    answers.init_app(app, settings)
    request_ids.init_app(app, settings)
    stuck.init_app(app, settings)

    logs.init_app(app, settings)
    metrics.init_app(app, settings)
    errors.init_app(app, settings)
    version.init_app(app, settings)
    health.init_app(app, settings)
    upstream.init_app(app, settings)
    security_headers.init_app(app, settings)
    sessions.init_app(app, settings)
    domain.init_app(app, settings)
    return app
