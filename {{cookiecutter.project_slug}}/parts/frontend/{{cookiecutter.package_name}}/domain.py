"""The domain of this service: the pages that it serves. Yours to change."""

from flask import Flask
from flask_chassis.settings import Settings

# Imports of this service come last, whatever its name.
# isort: split
from .pages import site


def init_app(app: Flask, settings: Settings) -> None:
    """Serve the pages."""
    site.init_app(app, settings)
