"""A service with the invoices API, and a client of it."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from billing import app as application
from flask_chassis.settings import Settings

from .invoices import domain


@pytest.fixture(scope="session")
def invoices_service(settings: Settings) -> Iterator[Flask]:
    """Return a service that serves invoices; it asks its database nothing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(application, "domain", domain)
        made: Flask = application.create_app(settings)
    yield made
    made.extensions["database"].dispose()


@pytest.fixture
def invoices_app(invoices_service: Flask) -> Flask:
    """Return that service, without an invoice."""
    invoices_service.extensions["invoices"].clear()
    return invoices_service


@pytest.fixture
def invoices(invoices_app: Flask) -> FlaskClient:
    """Return a client of the service."""
    return invoices_app.test_client()
