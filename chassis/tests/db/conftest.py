"""Fixtures for tests of the database: bills of the test service, in empty tables."""

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import Engine, func, select, text

from billing.bills import Bill, Item
from flask_chassis.db import database
from flask_chassis.testing.database import empty_tables

NewBill = Callable[..., Bill]


@pytest.fixture
def context(probed: Flask, engine: Engine) -> Iterator[Flask]:
    """Push an application context; the tables are empty."""
    empty_tables(engine)
    with probed.app_context():
        yield probed


def item(position: int = 1, **values: object) -> Item:
    """Return an item that can be stored, unless the values say otherwise."""
    defaults = {"text": "Paint", "unit_price": Decimal("9.99"), "quantity": 2}
    return Item(position=position, **(defaults | values))


def bill(number: str = "2026-1", **values: object) -> Bill:
    """Return a bill with an item that can be stored, unless the values say otherwise."""
    defaults = {"customer": f"Customer of {number}", "due_date": date(2026, 12, 1)}
    return Bill(number=number, **(defaults | {"items": [item()]} | values))


def stored() -> list[str]:
    """Return the numbers of the committed bills."""
    with database.autocommit() as connection:
        return list(connection.scalars(select(Bill.number).order_by(Bill.number)))


def count_items() -> int:
    """Return how many items are committed."""
    with database.autocommit() as connection:
        return connection.scalar(select(func.count()).select_from(Item)) or 0


def backend() -> int:
    """Return the process of the connection that `autocommit()` takes from the pool."""
    with database.autocommit() as connection:
        return int(connection.scalar(text("SELECT pg_backend_pid()")) or 0)
