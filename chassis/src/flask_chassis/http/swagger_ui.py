"""Serves Swagger UI at `/`: its files come from the package flask-swagger-ui, none from a CDN.

All addresses in the page are relative, so that it works under a path prefix of a proxy.
"""

from pathlib import Path

import flask_swagger_ui
from flask import Blueprint, Flask, Response, send_from_directory
from werkzeug.exceptions import NotFound

from flask_chassis.auth.access import public

OWN_FILES = Path(__file__).parent / "swagger_ui_page"
PACKAGE_FILES = Path(flask_swagger_ui.__file__).parent / "dist"
ONE_HOUR_SECONDS = 3600

OF_PACKAGE = {"swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"}
OF_CHASSIS = {"start.js"}

# Scripts and styles come from this service alone. Swagger UI has its pictures in its style.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}

blueprint = Blueprint("swagger_ui", __name__)


def init_app(app: Flask) -> None:
    """Serve the page."""
    app.register_blueprint(blueprint)


@blueprint.get("/swagger-ui/<name>")
@public
def asset(name: str) -> Response:
    """Serve a file of the page."""
    if name in OF_CHASSIS:
        return _file(OWN_FILES, name)
    if name in OF_PACKAGE:
        return _file(PACKAGE_FILES, name)
    raise NotFound


def page() -> Response:
    """Return the page."""
    html = (OWN_FILES / "index.html").read_text(encoding="utf-8")
    return Response(html, mimetype="text/html", headers=HEADERS)


def _file(folder: Path, name: str) -> Response:
    response = send_from_directory(folder, name, max_age=ONE_HOUR_SECONDS)
    response.headers.update(HEADERS)
    return response
