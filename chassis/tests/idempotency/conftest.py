"""Fixtures for tests of idempotent requests: a service that serves `domain`, with empty tables."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, text
from werkzeug.test import TestResponse

from flask_chassis.settings import Settings
from flask_chassis.testing import Bearer
from flask_chassis.testing.database import empty_tables

from . import domain

Send = Callable[..., TestResponse]


def create(settings: Settings) -> Flask:
    """Create a service that serves the domain of these tests."""
    from billing import app as application

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(application, "domain", domain)
        return application.create_app(settings)


@pytest.fixture(scope="session")
def idempotent(settings: Settings, engine: Engine) -> Iterator[Flask]:
    """Return the service."""
    made = create(settings)
    yield made
    made.extensions["database"].dispose()


@pytest.fixture
def send(idempotent: Flask, engine: Engine, bearer: Bearer) -> Iterator[Send]:
    """Send a request: `send("with_session", key="k1", number="2026-1")`."""
    empty_tables(engine)
    domain.EXECUTED.clear()

    def sends(
        way: str = "with_session",
        key: str | None = "k1",
        *,
        path: str = "/bills/{way}/",
        user: str = "ada",
        headers: dict[str, str] | None = None,
        **options: Any,
    ) -> TestResponse:
        number = options.pop("number", "2026-1")
        if not {"json", "data"} & options.keys():
            options["json"] = {"number": number}
        headers = {**bearer(user), **(headers or {})}
        if key is not None:
            headers["Idempotency-Key"] = key
        return idempotent.test_client().post(path.format(way=way), headers=headers, **options)

    yield sends
    domain.HOOKS.clear()


@pytest.fixture
def numbers(engine: Engine) -> Callable[[], list[str]]:
    """Return the numbers of the committed bills."""

    def read() -> list[str]:
        with engine.connect() as connection:
            return [*connection.scalars(text("SELECT number FROM bills ORDER BY number"))]

    return read


@pytest.fixture
def keys(engine: Engine) -> Callable[[], int]:
    """Return how many keys are committed."""

    def count() -> int:
        with engine.connect() as connection:
            return int(connection.scalar(text("SELECT count(*) FROM idempotency_keys")) or 0)

    return count
