"""What all pages have in common: the layout's texts, the style, the errors."""

from pathlib import Path

from flask import Blueprint, Flask, Response, send_from_directory
from flask_chassis.auth.access import public
from flask_chassis.settings import Settings
from flask_chassis.web import html_errors, sessions

from . import filters, login, signing_in_again, thoughts

A_DAY_SECONDS = 86_400
FILES = Path(__file__).parent / "static"

blueprint = Blueprint("site", __name__, template_folder="templates")


def init_app(app: Flask, settings: Settings) -> None:
    """Serve the pages and their style."""
    version = app.extensions["version"]["version"]
    app.register_blueprint(blueprint)
    app.register_blueprint(login.blueprint)
    app.register_blueprint(thoughts.blueprint)
    app.context_processor(
        lambda: {
            "site_title": settings["service.title"],
            "site_contact": settings["service.contact"],
            "site_description": settings["service.description"],
            # A new version's style is fetched at once, though the old one may be kept for a day.
            "site_version": version,
            "username": sessions.username(),
        }
    )
    filters.init_app(app)
    html_errors.init_app(app, "error.html")
    signing_in_again.init_app(app)


@blueprint.get("/static/<path:filename>")
@public
def static(filename: str) -> Response:
    """Serve the style and the pictures."""
    return send_from_directory(FILES, filename, max_age=A_DAY_SECONDS)
