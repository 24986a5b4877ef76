"""The version endpoint: `GET /admin/version/` returns the running version of the service.

The image sets the variables VERSION_NAME (the output of `git describe`) and VERSION_SHA (the
commit).
"""

import os

from flask import Blueprint, Flask, Response, current_app

from flask_chassis.auth.access import internal
from flask_chassis.exceptions import ConfigurationError
from flask_chassis.http import responses
from flask_chassis.settings import Settings

VERSION_NAME = "VERSION_NAME"
VERSION_SHA = "VERSION_SHA"
UNVERSIONED = "development"

blueprint = Blueprint("version", __name__)


def init_app(app: Flask, settings: Settings) -> None:
    """Read the version and register the endpoint.

    Raises ConfigurationError if the version is missing in an environment that serves users.
    """
    version = current(settings)
    app.extensions["version"] = version
    app.register_blueprint(blueprint)


def current(settings: Settings) -> dict[str, str]:
    """Return `{"commit", "version"}` of the running service.

    Raises ConfigurationError if either is missing in an environment that serves users.
    """
    missing = [name for name in (VERSION_NAME, VERSION_SHA) if not os.environ.get(name)]
    if missing and not settings.is_for_developers:
        raise ConfigurationError(
            f"{' and '.join(missing)} not set: {settings.environment} requires the version of the "
            "service. Build the image with these build arguments, or set the variables."
        )
    return {
        "commit": os.environ.get(VERSION_SHA) or UNVERSIONED,
        "version": os.environ.get(VERSION_NAME) or UNVERSIONED,
    }


@blueprint.get("/admin/version/")
@internal
def version() -> Response:
    """Respond with the running version."""
    return responses.json(current_app.extensions["version"])
