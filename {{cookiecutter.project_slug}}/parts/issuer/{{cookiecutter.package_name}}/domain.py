"""The domain of this service: the APIs that it serves. Yours to change."""

from flask import Flask
from flask_chassis.http import openapi
from flask_chassis.issuer import issuing, jwks_endpoint, revocation
from flask_chassis.settings import Settings

# Imports of this service come last, whatever its name.
# isort: split
from .users import administration, login, routes

API_VERSION = "1.0"
"""The version of the API's contract: raise it when the contract changes."""


def init_app(app: Flask, settings: Settings) -> None:
    """Serve the API, and the keys that others verify its tokens with."""
    jwks_endpoint.init_app(app, settings)
    issuing.init_app(app, settings)
    revocation.init_app(app, settings)
    login.init_app(app, settings)
    openapi.init_app(app, settings, API_VERSION, [routes.namespace, administration.namespace])
