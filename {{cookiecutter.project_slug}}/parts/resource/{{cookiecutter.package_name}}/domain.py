"""The domain of this service: the API namespaces that it serves. Yours to change."""

from flask import Flask
from flask_chassis.http import listing, openapi
from flask_chassis.settings import Settings

# Imports of this service come last, whatever its name.
# isort: split
from .{{ cookiecutter.resource_plural }} import administration, routes

API_VERSION = "1.0"
"""The version of the API's contract: raise it when the contract changes."""


def init_app(app: Flask, settings: Settings) -> None:
    """Serve the API."""
    listing.init_app(app, settings)
    openapi.init_app(app, settings, API_VERSION, [routes.namespace, administration.namespace])
