"""Guessing passwords is slowed down, and nobody is kept out by it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address

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
PHONE = "203.0.113.9"
HOUR, DAY = 3600, 86400

Guess = Callable[..., TestResponse]
NewAddress = Callable[[], str]


@pytest.fixture
def guess(log_in: LogIn) -> Guess:
    """Guess a password wrongly, from the address of an attacker unless another is said."""

    def guesses(username: str = "ada", address: str = AWAY, **others: FlaskClient) -> TestResponse:
        return log_in(username, "wrong", address, **others)

    return guesses


@pytest.fixture
def new_address() -> NewAddress:
    """Return an address that nobody has used."""
    numbers = iter(range(1, 60_000))
    return lambda: str(IPv4Address("10.0.0.0") + next(numbers))


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
    assert wait_of(log_in(address=AWAY)) == 1
    later(1)
    assert log_in(address=AWAY).status_code == 200


def test_an_attempt_that_comes_too_early_is_not_looked_at(
    create: Create, guess: Guess, log_in: LogIn, free: int, verified: list[object]
) -> None:
    create()
    for _ in range(free + 1):
        guess()
    verified.clear()
    assert log_in(address=AWAY).status_code == 429
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
    assert log_in(address=AWAY).status_code == 200


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
    assert log_in("bob", address=AWAY).status_code == 200


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


def test_a_refused_attempt_counts_for_nothing(
    guess: Guess, free: int, free_at_an_address: int, engine: Engine
) -> None:
    for _ in range(free + 1):
        guess("ada", AWAY)
    for _ in range(free_at_an_address):
        assert guess("ada", AWAY).status_code == 429
    with engine.connect() as connection:
        counts = connection.scalars(text("SELECT failures FROM failed_logins")).all()
    assert [round(count) for count in counts] == [free + 1] * 3


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
    guess(address=HOME)
    assert log_in(address=AWAY).status_code == 429
    assert log_in(address=HOME).status_code == 200
    later(KNOWN_FOR.total_seconds())
    guess(address=HOME)
    for _ in range(free):
        guess()
    assert log_in(address=HOME).status_code == 429


def test_in_a_place_that_is_known_guessing_is_slowed_down_too(
    create: Create, guess: Guess, log_in: LogIn, free_at_an_address: int, later: Later
) -> None:
    """And a login of the user, which the attacker may wait for, changes nothing about it."""
    create()
    log_in(address=HOME)
    for _ in range(free_at_an_address + 1):
        assert guess(address=HOME).status_code == 401
    assert wait_of(log_in(address=HOME)) == 1
    later(1)
    assert log_in(address=HOME).status_code == 200
    assert guess(address=HOME).status_code == 401
    assert wait_of(guess(address=HOME)) == 2


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


def test_a_user_without_failures_at_a_new_place_has_one_attempt_during_an_attack(
    create: Create, guess: Guess, log_in: LogIn, free: int
) -> None:
    create()
    for _ in range(free + 2):
        guess()
    assert guess(address=HOME).status_code == 401
    assert guess(address=HOME).status_code == 429
    assert log_in(address=HOME).status_code == 429
    assert log_in(address=PHONE).status_code == 200


def test_the_attempt_comes_back_when_the_failure_is_forgotten(
    guess: Guess, free: int, later: Later, settings: Settings, new_address: NewAddress
) -> None:
    """The attacker tries at the end of each wait, and so the user waits without a pause."""
    for _ in range(free + 1):
        guess()
    assert guess(address=HOME).status_code == 401
    passed, each = 0, settings["login.forget_a_failure_after_seconds"]
    while passed < each:
        wait = wait_of(guess(address=HOME))
        later(wait)
        passed += wait
        assert guess(address=new_address()).status_code == 401
    assert guess(address=HOME).status_code == 401
    assert guess(address=HOME).status_code == 429


def test_from_an_address_that_waits_there_is_no_such_attempt(
    create: Create, guess: Guess, log_in: LogIn, free: int, free_at_an_address: int
) -> None:
    create()
    for _ in range(free + 1):
        guess("ada", HOME)
    for number in range(free_at_an_address + 1):
        guess(f"user {number}")
    assert log_in("ada", address=AWAY).status_code == 429


def test_such_attempts_count_for_the_address(
    create: Create, guess: Guess, free: int, free_at_an_address: int
) -> None:
    victims = [f"user {number}" for number in range(free_at_an_address + 1)]
    for victim in victims:
        for _ in range(free + 1):
            guess(victim, f"2001:db8:{len(victim)}:{victim[5:]}::1")
    assert [guess(victim).status_code for victim in victims] == [401] * len(victims)
    assert guess("ada").status_code == 429


# The known places of one address.


@pytest.fixture
def office(make: Make, create: Create, log_in: LogIn) -> FlaskClient:
    """The service with few free failures where three users are known, at one address."""
    for username in ("ada", "bob", "eve"):
        create(username)
        log_in(username, address=HOME)
    return make(login__free_failures_per_known_address=3).test_client()


def test_at_the_known_places_of_an_address_failures_count_together(
    office: FlaskClient, guess: Guess, log_in: LogIn, later: Later
) -> None:
    for username in ("ada", "bob", "ada", "bob"):
        assert guess(username, HOME, by=office).status_code == 401
    assert wait_of(guess("ada", HOME, by=office)) == 1
    assert wait_of(log_in("bob", address=HOME, by=office)) == 1
    later(1)
    assert guess("bob", HOME, by=office).status_code == 401
    assert wait_of(guess("ada", HOME, by=office)) == 2
    assert log_in("ada", address=AWAY, by=office).status_code == 200


def test_a_colleague_without_failures_does_not_wait_for_those_of_others(
    office: FlaskClient, guess: Guess, log_in: LogIn
) -> None:
    for username in ("ada", "bob", "ada", "bob"):
        guess(username, HOME, by=office)
    for _ in range(3):
        assert log_in("eve", address=HOME, by=office).status_code == 200
    assert guess("eve", HOME, by=office).status_code == 401
    assert log_in("eve", address=HOME, by=office).status_code == 429


def test_a_login_during_the_wait_ends_it_for_nobody(
    office: FlaskClient, guess: Guess, log_in: LogIn, later: Later
) -> None:
    for username in ("ada", "bob", "ada", "bob"):
        guess(username, HOME, by=office)
    assert log_in("eve", address=HOME, by=office).status_code == 200
    assert guess("ada", HOME, by=office).status_code == 429
    later(1)
    guess("ada", HOME, by=office)
    assert wait_of(guess("ada", HOME, by=office)) == 2


def test_who_knows_an_address_cannot_guess_there_at_all_users_who_do(
    create: Create, guess: Guess, log_in: LogIn, settings: Settings
) -> None:
    """With the settings as they are served."""
    free = settings["login.free_failures_per_known_address"]
    at_each = settings["login.free_failures_per_address"]
    users = [f"user {number}" for number in range(free // at_each + 2)]
    for username in users:
        create(username)
        assert log_in(username, address=HOME).status_code == 200
    statuses = [guess(username, HOME).status_code for username in users for _ in range(at_each)]
    # Each of the two whose turn comes after the others has the one attempt of who has not failed.
    assert statuses.count(401) == free + 2
    assert statuses.count(429) == 2 * at_each - 2


# One attacker.


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
    assert log_in(address=PHONE).status_code == 200


# Workers.


def test_all_instances_count_together(
    create: Create, guess: Guess, log_in: LogIn, make: Make, free: int
) -> None:
    create()
    other = make().test_client()
    for number in range(free + 1):
        assert guess(**({"by": other} if number % 2 else {})).status_code == 401
    assert log_in(address=AWAY).status_code == 429
    assert log_in(address=AWAY, by=other).status_code == 429


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
        return log_in(password="wrong", address=AWAY, by=by).status_code

    with ThreadPoolExecutor(12) as threads:
        statuses = list(threads.map(attempt, range(24)))
    assert sorted(set(statuses)) == [401, 429]
    assert statuses.count(401) == free + 1


def test_of_many_attempts_at_a_time_one_is_let_through_at_a_new_place_during_an_attack(
    app: Flask, create: Create, guess: Guess, log_in: LogIn, free: int
) -> None:
    create()
    for _ in range(free + 3):
        guess()

    def attempt(number: int) -> int:
        address = (HOME, PHONE)[number % 2]
        return log_in(password="wrong", address=address, by=app.test_client()).status_code

    with ThreadPoolExecutor(12) as threads:
        statuses = list(threads.map(attempt, range(24)))
    assert sorted(statuses) == [401] * 2 + [429] * 22


def test_attempts_of_all_sorts_at_a_time_do_not_wait_for_each_other(
    app: Flask, create: Create, log_in: LogIn, make: Make
) -> None:
    """A deadlock would be answered 503."""
    users, addresses = ("ada", "bob", "eve"), (HOME, AWAY, PHONE)
    for username in users:
        create(username)
    log_in("ada", address=HOME)
    log_in("bob", address=AWAY)
    apps = (app, make(login__free_failures_per_known_address=1))

    def attempt(number: int) -> int:
        username, address = users[number % 3], addresses[number // 3 % 3]
        password = "wrong" if number % 5 else PASSWORD
        by = apps[number % 2].test_client()
        return log_in(username, password, address, by=by).status_code

    with ThreadPoolExecutor(12) as threads:
        statuses = set(threads.map(attempt, range(180)))
    assert statuses == {200, 401, 429}


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
    guess: Guess, later: Later, settings: Settings, new_address: NewAddress
) -> None:
    longest = settings["login.longest_wait_per_user_seconds"]
    for _ in range(60):
        assert guess(address=new_address()).status_code == 401
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
        assert connection.scalar(text("SELECT count(*) FROM failed_logins")) == 3


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
    assert len(rows) == 6
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
