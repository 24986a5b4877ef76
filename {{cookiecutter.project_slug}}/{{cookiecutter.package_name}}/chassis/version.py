"""Says which version of the service is running: `GET /admin/version/`.

The image carries `git describe` as VERSION_NAME and the commit as VERSION_SHA.
"""

import os

from flask import Blueprint, Flask, Response, current_app

from . import responses
from .access import internal
from .failures import StartError
from .settings import Settings

VERSION_NAME = "VERSION_NAME"
VERSION_SHA = "VERSION_SHA"
UNVERSIONED = "development"

blueprint = Blueprint("version", __name__)


def init_app(app: Flask, settings: Settings) -> None:
    """Read the version; refuse to start without one where users are served."""
    version = current(settings)
    app.extensions["version"] = version
    app.register_blueprint(blueprint)


def current(settings: Settings) -> dict[str, str]:
    """Return `{"commit", "version"}`; StartError where users are served and either is missing."""
    missing = [name for name in (VERSION_NAME, VERSION_SHA) if not os.environ.get(name)]
    if missing and not settings.is_for_developers:
        raise StartError(
            f"{' and '.join(missing)} not set: {settings.environment} runs only what says which "
            "version it is. Build the image with these build arguments, or set the variables."
        )
    return {
        "commit": os.environ.get(VERSION_SHA) or UNVERSIONED,
        "version": os.environ.get(VERSION_NAME) or UNVERSIONED,
    }


@blueprint.get("/admin/version/")
@internal
def version() -> Response:
    """Answer with the version that is running."""
    return responses.json(current_app.extensions["version"])
