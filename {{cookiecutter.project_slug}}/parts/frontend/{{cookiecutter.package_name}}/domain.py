"""What this service is about: the pages that it serves. Yours to change."""

from flask import Flask
from flask_chassis.settings import Settings

# The service's own come last, whatever they are called.
# isort: split
from .pages import site


def init_app(app: Flask, settings: Settings) -> None:
    """Serve the pages."""
    site.init_app(app, settings)
