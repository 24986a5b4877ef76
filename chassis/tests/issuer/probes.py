"""What an issuer serves of its chassis, with probes in the place of the users."""

from flask import Flask

from flask_chassis.issuer import issuing, jwks_endpoint, revocation
from flask_chassis.settings import Settings

from .. import probes


def init_app(app: Flask, settings: Settings) -> None:
    """Serve the keys and the probes, of which `mine` takes a token."""
    jwks_endpoint.init_app(app, settings)
    issuing.init_app(app, settings)
    revocation.init_app(app, settings)
    probes.init_app(app, settings)
