"""Makes the application: an ordered list of the parts that it consists of."""

from flask import Flask

from flask_chassis import settings as settings_of_chassis
from flask_chassis.auth import tokens
from flask_chassis.db import database
from flask_chassis.http import errors, middleware, proxies
from flask_chassis.observability import health, log_config, metrics, sentry, version
from flask_chassis.settings import Settings

from . import domain


def create_app(settings: Settings | None = None) -> Flask:
    """Return the application; ConfigurationError if it cannot run as it is configured."""
    settings = settings or settings_of_chassis.load()
    app = Flask(__package__, static_folder=None)
    log_config.init_app(app, settings)
    sentry.init_app(app, settings)
    metrics.init_app(app, settings)
    errors.init_app(app, settings)
    proxies.init_app(app, settings)
    version.init_app(app, settings)
    health.init_app(app, settings)
    database.init_app(app, settings)
    tokens.init_app(app, settings)
    domain.init_app(app, settings)
    middleware.init_app(app, settings)
    return app
