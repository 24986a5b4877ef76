"""An issuer without its users, and attempts to log in: from anywhere, now or later."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, update
from werkzeug.exceptions import TooManyRequests

from billing import app as application
from flask_chassis.issuer.tables import FailedLogins, KnownPlace
from flask_chassis.issuer.throttle import Throttle
from flask_chassis.settings import Settings
from flask_chassis.testing import changed
from flask_chassis.testing.passwords import verified_with

from . import probes

HOME = "192.0.2.1"
AWAY = "198.51.100.7"

Attempt = Callable[..., "Answer"]
Later = Callable[[float], None]
Make = Callable[..., Flask]


@pytest.fixture
def make(settings: Settings, app: Flask) -> Iterator[Make]:
    """Make an issuer with other settings, on the database of the tests: tables are empty."""
    made = []

    def makes(**others: Any) -> Flask:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(application, "domain", probes)
            made.append(application.create_app(changed(settings, **others)))
        return made[-1]

    yield makes
    for each in made:
        each.extensions["database"].dispose()


@dataclass(frozen=True)
class Answer:
    """What an attempt comes to: 200, 401, or 429 and how long to wait."""

    status: int
    wait: int = 0


@pytest.fixture
def throttle(settings: Settings) -> Throttle:
    """What slows down, as it is served."""
    return Throttle(settings)


@pytest.fixture
def log_in(engine: Engine, app: Flask, throttle: Throttle) -> Attempt:
    """Log in, as with the right password; the tables are empty at first."""

    def attempts(
        name_key: str = "ada",
        address: str = HOME,
        by: Throttle = throttle,
        *,
        is_right: bool = True,
    ) -> Answer:
        try:
            with engine.begin() as connection:
                charge = by.charge(connection, name_key, address)
        except TooManyRequests as refusal:
            return Answer(429, int(str(refusal.retry_after)))
        if is_right:
            with engine.begin() as connection:
                by.refund(connection, charge)
            return Answer(200)
        with engine.connect() as connection:
            by.forget(connection.execution_options(isolation_level="AUTOCOMMIT"))
        return Answer(401)

    return attempts


@pytest.fixture
def guess(log_in: Attempt) -> Attempt:
    """Guess a password wrongly, from the address of an attacker unless another is said."""

    def guesses(name_key: str = "ada", address: str = AWAY, **others: Throttle) -> Answer:
        return log_in(name_key, address, is_right=False, **others)

    return guesses


@pytest.fixture
def later(engine: Engine) -> Later:
    """Let time pass for the failed logins, by moving what happened into the past."""
    moved = {
        FailedLogins: (FailedLogins.blocked_until, FailedLogins.last_failure),
        KnownPlace: (KnownPlace.last_login,),
    }

    def passes(seconds: float) -> None:
        with engine.begin() as connection:
            for table, columns in moved.items():
                earlier = {column: column - timedelta(seconds=seconds) for column in columns}
                connection.execute(update(table).values(earlier))

    return passes


@pytest.fixture
def verified(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The parameters of each hash that a password is verified with."""
    return verified_with(monkeypatch)
