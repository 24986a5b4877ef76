"""Tests of the throttle that slows down password guessing."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_chassis.settings import Settings
from werkzeug.test import TestResponse

from .conftest import HOME, Create, LogIn, Make

AWAY = "198.51.100.7"

Guess = Callable[..., TestResponse]


@pytest.fixture
def guess(log_in: LogIn) -> Guess:
    """Log in with a wrong password, by default from the attacker's address `AWAY`."""

    def guesses(username: str = "ada", address: str = AWAY, **others: FlaskClient) -> TestResponse:
        return log_in(username, "wrong", address, **others)

    return guesses


@pytest.fixture
def free(settings: Settings) -> int:
    """The number of failures of a user that are not throttled."""
    return int(settings["login.free_failures_per_user"])


@pytest.fixture
def free_at_an_address(settings: Settings) -> int:
    """The number of failures from an address that are not throttled."""
    return int(settings["login.free_failures_per_address"])


def test_too_many_failures_return_429_with_retry_after(
    create: Create, guess: Guess, free: int
) -> None:
    create()
    assert [guess().status_code for _ in range(free + 1)] == [401] * (free + 1)
    answer = guess()
    assert answer.status_code == 429
    assert answer.json["message"]
    assert answer.headers["Retry-After"] == "1"


def test_throttled_attempt_verifies_no_password(
    create: Create, guess: Guess, log_in: LogIn, free: int, verified: list[object]
) -> None:
    create()
    for _ in range(free + 1):
        guess()
    verified.clear()
    assert log_in(address=AWAY).status_code == 429
    assert guess().status_code == 429
    assert verified == []


def test_successful_logins_are_not_throttled(
    create: Create, log_in: LogIn, free: int, free_at_an_address: int
) -> None:
    create("ada")
    create("bob")
    for username in ("ada", "bob"):
        for _ in range(free + free_at_an_address + 1):
            assert log_in(username).status_code == 200


def test_attacked_user_can_log_in_from_another_address(
    create: Create, guess: Guess, log_in: LogIn, free: int
) -> None:
    create()
    for _ in range(free + 2):
        guess()
    assert log_in(address=HOME).status_code == 200


def test_spellings_of_one_username_share_a_throttle(guess: Guess, free: int) -> None:
    typed = ("ada", "ADA", " ada", "ada ", "\uff41da", "Ada")
    for number in range(free + 1):
        assert guess(typed[number % len(typed)]).status_code == 401
    assert guess("ada\u3164").status_code == 429


def test_unknown_username_is_throttled_like_a_known_one(
    create: Create, guess: Guess, free: int
) -> None:
    create("ada")
    answers = {
        name: [
            (answer.status_code, answer.data) for answer in (guess(name) for _ in range(free + 3))
        ]
        for name in ("ada", "nobody")
    }
    assert answers["ada"] == answers["nobody"]
    assert answers["ada"][-1][0] == 429


def test_ipv6_addresses_of_one_network_share_a_throttle(
    guess: Guess, free_at_an_address: int
) -> None:
    for number in range(free_at_an_address + 1):
        assert guess(f"user {number}", f"2001:db8:1:2::{number + 1:x}").status_code == 401
    assert guess("ada", "2001:db8:1:2:ffff::1").status_code == 429
    assert guess("ada", "2001:db8:1:3::1").status_code == 401


def test_instances_share_the_throttle(
    create: Create, guess: Guess, log_in: LogIn, make: Make, free: int
) -> None:
    create()
    other = make().test_client()
    for number in range(free + 1):
        assert guess(**({"by": other} if number % 2 else {})).status_code == 401
    assert log_in(address=AWAY).status_code == 429
    assert log_in(address=AWAY, by=other).status_code == 429


def test_concurrent_logins_of_one_user_succeed(app: Flask, create: Create, log_in: LogIn) -> None:
    create()
    log_in()
    with ThreadPoolExecutor(12) as threads:
        answers = threads.map(lambda _: log_in(by=app.test_client()).status_code, range(48))
        assert set(answers) == {200}


# Behind proxies.


def forwarded(client: FlaskClient, username: str, addresses: str) -> int:
    """Log in with a wrong password through a proxy, and return the status."""
    body = {"username": username, "password": "wrong"}
    headers = {"X-Forwarded-For": addresses}
    return client.post("/api/login/", json=body, headers=headers).status_code


def test_x_forwarded_for_is_trusted_only_from_proxies(
    client: FlaskClient, make: Make, free_at_an_address: int
) -> None:
    for number in range(free_at_an_address + 1):
        assert forwarded(client, f"user {number}", f"203.0.113.{number}") == 401
    assert forwarded(client, "ada", "203.0.113.200") == 429
    behind_one = make(http__trusted_proxies=1).test_client()
    for number in range(free_at_an_address + 1):
        assert forwarded(behind_one, f"one {number}", f"203.0.113.{number}, {AWAY}") == 401
    assert forwarded(behind_one, "ada", f"203.0.113.200, {AWAY}") == 429
    assert forwarded(behind_one, "ada", f"203.0.113.200, {HOME}") == 401
