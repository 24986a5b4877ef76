"""Guessing passwords is slowed down, and nobody is kept out by it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, text
from werkzeug.test import TestResponse

from {{ cookiecutter.package_name }}.chassis.failures import StartError
from {{ cookiecutter.package_name }}.chassis.settings import Settings
from {{ cookiecutter.package_name }}.users.throttle import KNOWN_FOR, Throttle

from .conftest import HOME, PASSWORD, Create, Later, LogIn, Make, changed

AWAY = "198.51.100.7"
HOUR, DAY = 3600, 86400

Guess = Callable[..., TestResponse]


@pytest.fixture
def guess(log_in: LogIn) -> Guess:
    """Guess a password wrongly, from an address that nobody has guessed from unless it is said."""
    used = iter(range(1, 60_000))

    def guesses(username: str = "ada", address: str = "", **others: FlaskClient) -> TestResponse:
        number = next(used)
        fresh = f"10.0.{number // 256}.{number % 256}"
        return log_in(username, "wrong", address or fresh, **others)

    return guesses


def wait_of(response: TestResponse) -> int:
    """Return how long an answer says to wait."""
    assert response.status_code == 429
    assert response.json["message"]
    return int(response.headers["Retry-After"])


@pytest.fixture
def free(settings: Settings) -> int:
    """How many failures of a user cost nothing."""
    return int(settings["login.free_failures_per_user"])


@pytest.fixture
def free_at_an_address(settings: Settings) -> int:
    """How many failures from an address cost nothing."""
    return int(settings["login.free_failures_per_address"])


# The user.


def test_after_some_failures_there_is_a_wait_for_the_user(
    create: Create, guess: Guess, log_in: LogIn, free: int, later: Later
) -> None:
    create()
    assert [guess().status_code for _ in range(free + 1)] == [401] * (free + 1)
    assert wait_of(guess()) == 1
    assert wait_of(log_in()) == 1
    later(1)
    assert log_in().status_code == 200


def test_an_attempt_that_comes_too_early_is_not_looked_at(
    create: Create, guess: Guess, log_in: LogIn, free: int, verified: list[object]
) -> None:
    create()
    for _ in range(free + 1):
        guess()
    verified.clear()
    assert log_in().status_code == 429
    assert guess().status_code == 429
    assert verified == []


def test_each_failure_doubles_the_wait_up_to_the_longest(
    create: Create, guess: Guess, log_in: LogIn, free: int, later: Later
) -> None:
    create()
    for _ in range(free):
        guess()
    waits = []
    for _ in range(11):
        assert guess().status_code == 401
        waits.append(wait_of(guess()))
        later(waits[-1])
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    assert log_in().status_code == 200


def test_an_attempt_that_comes_too_early_makes_nobody_wait_longer(
    create: Create, guess: Guess, log_in: LogIn, free: int, later: Later
) -> None:
    create()
    for _ in range(free + 1):
        guess()
    assert {wait_of(guess()) for _ in range(10)} == {1}
    later(1)
    guess()
    assert wait_of(guess()) == 2


def test_other_users_do_not_wait(create: Create, guess: Guess, log_in: LogIn, free: int) -> None:
    create("ada")
    create("bob")
    for _ in range(free + 2):
        guess("ada")
    assert log_in("bob").status_code == 200


def test_a_name_is_one_however_it_is_typed(guess: Guess, free: int) -> None:
    typed = ("ada", "ADA", " ada", "ada ", "\uff41da", "Ada")
    for number in range(free + 1):
        assert guess(typed[number % len(typed)]).status_code == 401
    assert guess("ada\u3164").status_code == 429


def test_a_name_that_nobody_has_is_counted_as_one_that_somebody_has(
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


# The address.


def test_after_some_failures_there_is_a_wait_for_the_address(
    create: Create, guess: Guess, log_in: LogIn, free_at_an_address: int, later: Later
) -> None:
    create("ada")
    for number in range(free_at_an_address + 1):
        assert guess(f"user {number}", AWAY).status_code == 401
    assert wait_of(log_in("ada", address=AWAY)) == 1
    assert log_in("ada", address=HOME).status_code == 200
    later(1)
    assert log_in("ada", address=AWAY).status_code == 200


def test_the_addresses_of_one_client_are_one(guess: Guess, free_at_an_address: int) -> None:
    for number in range(free_at_an_address + 1):
        assert guess(f"user {number}", f"2001:db8:1:2::{number + 1:x}").status_code == 401
    assert guess("ada", "2001:db8:1:2:ffff::1").status_code == 429
    assert guess("ada", "2001:db8:1:3::1").status_code == 401


def test_a_refused_attempt_counts_for_neither(
    guess: Guess, free: int, free_at_an_address: int, engine: Engine
) -> None:
    for _ in range(free + 1):
        guess("ada", AWAY)
    for _ in range(free_at_an_address):
        assert guess("ada", AWAY).status_code == 429
    with engine.connect() as connection:
        counts = connection.scalars(text("SELECT failures FROM failed_logins")).all()
    assert [round(count) for count in counts] == [free + 1, free + 1]


def test_an_attackers_own_logins_do_not_set_the_attacker_at_liberty(
    create: Create, guess: Guess, log_in: LogIn, free_at_an_address: int, later: Later
) -> None:
    create("eve")
    for number in range(free_at_an_address):
        guess(f"user {number}", AWAY)
    waits = []
    for number in range(4):
        assert log_in("eve", address=AWAY).status_code == 200
        assert guess(f"another {number}", AWAY).status_code == 401
        waits.append(wait_of(guess("one more", AWAY)))
        later(waits[-1])
    assert waits == [1, 2, 4, 8]


def test_a_login_ends_no_wait_that_a_failure_beside_it_began(
    app: Flask,
    create: Create,
    guess: Guess,
    log_in: LogIn,
    free_at_an_address: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The failure comes while the password of the login is being verified."""
    create("eve")
    for number in range(free_at_an_address - 1):
        guess(f"user {number}", AWAY)
    passwords = app.extensions["passwords"]
    verify = passwords.verify

    def interrupted(password: str, stored: str | None) -> bool:
        monkeypatch.undo()
        with ThreadPoolExecutor(1) as threads:
            failure = threads.submit(lambda: guess("victim", AWAY, by=app.test_client()))
        assert failure.result().status_code == 401
        return bool(verify(password, stored))

    monkeypatch.setattr(passwords, "verify", interrupted)
    assert log_in("eve", address=AWAY).status_code == 200
    assert wait_of(guess("victim", AWAY)) == 1


# Nobody is kept out.


def test_strangers_do_not_keep_a_user_out_of_a_place_that_is_known(
    create: Create, guess: Guess, log_in: LogIn, free: int, later: Later
) -> None:
    create()
    assert log_in(address=HOME).status_code == 200
    for _ in range(free + 5):
        guess()
    assert log_in(address=AWAY).status_code == 429
    assert log_in(address=HOME).status_code == 200
    later(KNOWN_FOR.total_seconds())
    for _ in range(free + 1):
        guess()
    assert log_in(address=HOME).status_code == 429


def test_in_a_place_that_is_known_guessing_is_slowed_down_too(
    create: Create, guess: Guess, log_in: LogIn, free_at_an_address: int, later: Later
) -> None:
    create()
    log_in(address=HOME)
    for _ in range(free_at_an_address + 1):
        assert guess(address=HOME).status_code == 401
    assert wait_of(log_in(address=HOME)) == 1
    later(1)
    assert log_in(address=HOME).status_code == 200
    statuses = [guess(address=HOME).status_code for _ in range(free_at_an_address)]
    assert statuses == [401] * free_at_an_address


def test_who_shares_an_address_with_an_attacker_gets_in_there(
    create: Create, guess: Guess, log_in: LogIn, free_at_an_address: int
) -> None:
    create("ada")
    create("new")
    log_in("ada", address=AWAY)
    for number in range(free_at_an_address + 1):
        guess(f"user {number}", AWAY)
    assert log_in("new", address=AWAY).status_code == 429
    assert log_in("ada", address=AWAY).status_code == 200


def test_a_place_is_known_for_the_user_alone(
    create: Create, guess: Guess, log_in: LogIn, free: int
) -> None:
    create("ada")
    create("eve")
    log_in("eve", address=AWAY)
    for _ in range(free + 1):
        guess("ada")
    assert log_in("ada", address=AWAY).status_code == 429


def test_one_attacker_is_mostly_waiting_while_the_user_is_not(
    create: Create, guess: Guess, log_in: LogIn, later: Later, settings: Settings
) -> None:
    create()
    longest = settings["login.longest_wait_per_address_seconds"]
    wait = 0
    while wait < longest:
        answer = guess(address=AWAY)
        wait = wait_of(answer) if answer.status_code == 429 else 0
        if wait < longest:
            later(wait)
    later(settings["login.longest_wait_per_user_seconds"])
    assert guess(address=AWAY).status_code == 429
    assert log_in(address="203.0.113.9").status_code == 200


# Workers.


def test_all_instances_count_together(
    create: Create, guess: Guess, log_in: LogIn, make: Make, free: int
) -> None:
    create()
    other = make().test_client()
    for number in range(free + 1):
        assert guess(**({"by": other} if number % 2 else {})).status_code == 401
    assert log_in().status_code == 429
    assert log_in(by=other).status_code == 429


def test_a_user_may_log_in_often_at_a_time(app: Flask, create: Create, log_in: LogIn) -> None:
    create()
    log_in()
    with ThreadPoolExecutor(12) as threads:
        answers = threads.map(lambda _: log_in(by=app.test_client()).status_code, range(48))
        assert set(answers) == {200}


def test_no_more_get_through_at_a_time_than_one_after_the_other(
    app: Flask, create: Create, log_in: LogIn, make: Make, free: int
) -> None:
    create()
    apps = (app, make())

    def attempt(number: int) -> int:
        by = apps[number % 2].test_client()
        return log_in(password="wrong", address=f"10.1.0.{number}", by=by).status_code

    with ThreadPoolExecutor(12) as threads:
        statuses = list(threads.map(attempt, range(24)))
    assert sorted(set(statuses)) == [401, 429]
    assert statuses.count(401) == free + 1


# What becomes of it.


def test_failures_are_forgotten_one_by_one(
    guess: Guess, free: int, later: Later, settings: Settings
) -> None:
    each = settings["login.forget_a_failure_after_seconds"]
    for _ in range(free):
        guess()
    for _ in range(5):
        later(each)
        assert guess().status_code == 401
    for _ in range(2):
        later(each / 2)
        assert guess().status_code == 401
    assert wait_of(guess()) == 1
    later(each * (free + 1))
    assert [guess().status_code for _ in range(free)] == [401] * free


def test_no_more_failures_are_counted_than_matter(
    guess: Guess, later: Later, settings: Settings
) -> None:
    longest = settings["login.longest_wait_per_user_seconds"]
    for _ in range(60):
        assert guess().status_code == 401
        later(longest)
    later(DAY)
    assert guess().status_code == 401
    assert guess().status_code == 401


def test_rows_are_removed_that_do_not_matter_any_more(
    guess: Guess, later: Later, engine: Engine
) -> None:
    guess("ada")
    later(2 * DAY)
    guess("bob")
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM failed_logins")) == 2


def test_places_are_forgotten_when_they_are_not_used(
    create: Create, guess: Guess, log_in: LogIn, later: Later, engine: Engine
) -> None:
    create()
    log_in(address=HOME)
    later(KNOWN_FOR.total_seconds() / 2)
    log_in(address=AWAY)
    later(KNOWN_FOR.total_seconds() / 2 + HOUR)
    guess("somebody")
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM known_places")) == 1


def test_neither_names_nor_addresses_are_stored(
    create: Create, guess: Guess, log_in: LogIn, engine: Engine
) -> None:
    create()
    log_in(address=HOME)
    guess(PASSWORD, HOME)
    with engine.connect() as connection:
        rows = [
            *connection.execute(text("SELECT * FROM failed_logins")),
            *connection.execute(text("SELECT * FROM known_places")),
        ]
    assert len(rows) == 4
    assert not [row for row in map(str, rows) if PASSWORD in row or HOME in row or "ada" in row]


# Behind proxies.


def forwarded(client: FlaskClient, username: str, addresses: str) -> int:
    """Guess through a proxy, and return the status."""
    body = {"username": username, "password": "wrong"}
    headers = {"X-Forwarded-For": addresses}
    return client.post("/api/login/", json=body, headers=headers).status_code


def test_a_clients_own_word_for_its_address_is_not_believed(
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


# Settings.


@pytest.mark.parametrize(
    ("user", "address", "forget"),
    [(300, 300, DAY), (300, 60, DAY), (300, HOUR, HOUR - 1), (0, HOUR, HOUR)],
)
def test_limits_by_which_a_user_could_be_kept_out_stop_the_start(
    settings: Settings, user: int, address: int, forget: int
) -> None:
    limits = {
        "login__longest_wait_per_user_seconds": user,
        "login__longest_wait_per_address_seconds": address,
        "login__forget_a_failure_after_seconds": forget,
    }
    with pytest.raises(StartError, match=r"login\.longest_wait_per_user_seconds must be less"):
        Throttle(changed(settings, **limits))
