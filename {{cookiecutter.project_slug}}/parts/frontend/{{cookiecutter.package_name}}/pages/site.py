"""The parts that all pages share: the texts of the layout, the style, the error pages."""

from pathlib import Path

from flask import Blueprint, Flask
from flask_chassis.settings import Settings
from flask_chassis.web import html_errors, session_check, sessions, static_files

from . import backends, filters, login, reading, signing_in_again, writing

WORDS = {
    "one": "{{ cookiecutter.resource_name|replace('_', ' ') }}",
    "a_one": "{{ cookiecutter.__resource_article }} {{ cookiecutter.resource_name|replace('_', ' ') }}",
    "many": "{{ cookiecutter.resource_plural|replace('_', ' ') }}",
}
"""The name of a thing that users write, in templates."""

blueprint = Blueprint("site", __name__, template_folder="templates")
# Static files under names with a hash, which browsers cache.
static_files.serve(blueprint, Path(__file__).parent / "static")


def init_app(app: Flask, settings: Settings) -> None:
    """Serve the pages and their style."""
    app.register_blueprint(blueprint)
    app.register_blueprint(login.blueprint)
    app.register_blueprint(reading.blueprint)
    app.register_blueprint(writing.blueprint)
    app.context_processor(
        lambda: {
            "site_title": settings["service.title"],
            "site_contact": settings["service.contact"],
            "site_description": settings["service.description"],
            "username": sessions.username(),
            **WORDS,
        }
    )
    filters.init_app(app)
    session_check.init_app(app, settings, backends.is_signed_in)
    html_errors.init_app(app, "error.html")
    signing_in_again.init_app(app)
