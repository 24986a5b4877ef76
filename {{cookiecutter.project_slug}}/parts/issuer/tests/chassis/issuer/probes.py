"""What an issuer serves of its chassis, with probes in the place of the users."""

from flask import Flask

from {{ cookiecutter.package_name }}.chassis import issuing, key_set, revocation
from {{ cookiecutter.package_name }}.chassis.settings import Settings

from .. import probes


def init_app(app: Flask, settings: Settings) -> None:
    """Serve the keys and the probes, of which `mine` takes a token."""
    key_set.init_app(app, settings)
    issuing.init_app(app, settings)
    revocation.init_app(app, settings)
    probes.init_app(app, settings)
