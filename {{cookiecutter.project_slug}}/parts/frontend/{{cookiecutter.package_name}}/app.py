"""The application factory: sets up the parts of the application in order."""

from flask import Flask
from flask_chassis.clients import upstream
from flask_chassis.http import errors, middleware, proxies
from flask_chassis.observability import health, log_config, metrics, sentry, version
from flask_chassis.settings import Settings, load
from flask_chassis.web import security_headers, sessions

from . import domain


def create_app(settings: Settings | None = None) -> Flask:
    """Create the application. Raises ConfigurationError if it cannot run as configured."""
    settings = settings or load()
    app = Flask(__package__, static_folder=None)
    log_config.init_app(app, settings)
    sentry.init_app(app, settings)
    metrics.init_app(app, settings)
    errors.init_app(app, settings)
    proxies.init_app(app, settings)
    version.init_app(app, settings)
    health.init_app(app, settings)
    upstream.init_app(app, settings)
    security_headers.init_app(app, settings)
    sessions.init_app(app, settings)
    domain.init_app(app, settings)
    # Last, as it is the outermost WSGI middleware.
    middleware.init_app(app, settings)
    return app
