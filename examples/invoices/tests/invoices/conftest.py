"""Fixtures of the tests of invoices."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from flask_chassis.testing import Bearer

ALL = "/api/invoices/"

Create = Callable[..., dict[str, Any]]


def item(**changes: Any) -> dict[str, Any]:
    """Return a line of an invoice, as callers send it."""
    return {"description": "Consulting", "quantity": 2, "unit_price": "99.90"} | changes


def invoice(**changes: Any) -> dict[str, Any]:
    """Return an invoice, as callers send it."""
    return {
        "number": "2026-0001",
        "customer": "Ada Ltd.",
        "currency": "EUR",
        "due": "2026-12-31",
        "items": [item()],
    } | changes


@pytest.fixture
def user(bearer: Bearer) -> dict[str, str]:
    """The header of a caller who may write invoices."""
    return bearer("ada", scope="invoices:write")


@pytest.fixture
def create(client: FlaskClient, user: dict[str, str]) -> Create:
    """Create an invoice through the API: `create(number="2026-0002")` returns it."""

    def creates(**changes: Any) -> dict[str, Any]:
        response = client.post(ALL, json=invoice(**changes), headers=user)
        assert response.status_code == 201, response.json
        created: dict[str, Any] = response.json
        return created

    return creates
