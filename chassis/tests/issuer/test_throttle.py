"""Guessing passwords is slowed down, and nobody is kept out by it."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address

import pytest
from sqlalchemy import Engine, text

from flask_chassis.exceptions import ConfigurationError
from flask_chassis.issuer.throttle import KNOWN_FOR, Throttle
from flask_chassis.settings import Settings
from flask_chassis.testing import changed

from .conftest import AWAY, HOME, Answer, Attempt, Later

PHONE = "203.0.113.9"
HOUR, DAY = 3600, 86400

NewAddress = Callable[[], str]


@pytest.fixture
def new_address() -> NewAddress:
    """Return an address that nobody has used."""
    numbers = iter(range(1, 60_000))
    return lambda: str(IPv4Address("10.0.0.0") + next(numbers))


def wait_of(answer: Answer) -> int:
    """Return how long an answer says to wait."""
    assert answer.status == 429
    return answer.wait


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
    guess: Attempt, log_in: Attempt, free: int, later: Later
) -> None:
    assert [guess().status for _ in range(free + 1)] == [401] * (free + 1)
    assert wait_of(guess()) == 1
    assert wait_of(log_in(address=AWAY)) == 1
    later(1)
    assert log_in(address=AWAY).status == 200


def test_each_failure_doubles_the_wait_up_to_the_longest(
    guess: Attempt, log_in: Attempt, free: int, later: Later
) -> None:
    for _ in range(free):
        guess()
    waits = []
    for _ in range(11):
        assert guess().status == 401
        waits.append(wait_of(guess()))
        later(waits[-1])
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    assert log_in(address=AWAY).status == 200


def test_an_attempt_that_comes_too_early_makes_nobody_wait_longer(
    guess: Attempt, log_in: Attempt, free: int, later: Later
) -> None:
    for _ in range(free + 1):
        guess()
    assert {wait_of(guess()) for _ in range(10)} == {1}
    later(1)
    guess()
    assert wait_of(guess()) == 2


def test_other_users_do_not_wait(guess: Attempt, log_in: Attempt, free: int) -> None:
    for _ in range(free + 2):
        guess("ada")
    assert log_in("bob", address=AWAY).status == 200


# The address.


def test_after_some_failures_there_is_a_wait_for_the_address(
    guess: Attempt, log_in: Attempt, free_at_an_address: int, later: Later
) -> None:
    for number in range(free_at_an_address + 1):
        assert guess(f"user {number}", AWAY).status == 401
    assert wait_of(log_in("ada", address=AWAY)) == 1
    assert log_in("ada", address=HOME).status == 200
    later(1)
    assert log_in("ada", address=AWAY).status == 200


def test_a_refused_attempt_counts_for_nothing(
    guess: Attempt, free: int, free_at_an_address: int, engine: Engine
) -> None:
    for _ in range(free + 1):
        guess("ada", AWAY)
    for _ in range(free_at_an_address):
        assert guess("ada", AWAY).status == 429
    with engine.connect() as connection:
        counts = connection.scalars(text("SELECT failures FROM failed_logins")).all()
    assert [round(count) for count in counts] == [free + 1] * 3


def test_an_attackers_own_logins_do_not_set_the_attacker_at_liberty(
    guess: Attempt, log_in: Attempt, free_at_an_address: int, later: Later
) -> None:
    for number in range(free_at_an_address):
        guess(f"user {number}", AWAY)
    waits = []
    for number in range(4):
        assert log_in("eve", address=AWAY).status == 200
        assert guess(f"another {number}", AWAY).status == 401
        waits.append(wait_of(guess("one more", AWAY)))
        later(waits[-1])
    assert waits == [1, 2, 4, 8]


def test_a_login_ends_no_wait_that_a_failure_beside_it_began(
    engine: Engine, guess: Attempt, throttle: Throttle, free_at_an_address: int
) -> None:
    """The failure comes while the password of the login is being verified."""
    for number in range(free_at_an_address - 1):
        guess(f"user {number}", AWAY)
    with engine.begin() as connection:
        charge = throttle.charge(connection, "eve", AWAY)
    assert guess("victim", AWAY).status == 401
    with engine.begin() as connection:
        throttle.refund(connection, charge)
    assert wait_of(guess("victim", AWAY)) == 1


# Nobody is kept out.


def test_strangers_do_not_keep_a_user_out_of_a_place_that_is_known(
    guess: Attempt, log_in: Attempt, free: int, later: Later
) -> None:
    assert log_in(address=HOME).status == 200
    for _ in range(free + 5):
        guess()
    guess(address=HOME)
    assert log_in(address=AWAY).status == 429
    assert log_in(address=HOME).status == 200
    later(KNOWN_FOR.total_seconds())
    guess(address=HOME)
    for _ in range(free):
        guess()
    assert log_in(address=HOME).status == 429


def test_in_a_place_that_is_known_guessing_is_slowed_down_too(
    guess: Attempt, log_in: Attempt, free_at_an_address: int, later: Later
) -> None:
    """And a login of the user, which the attacker may wait for, changes nothing about it."""
    log_in(address=HOME)
    for _ in range(free_at_an_address + 1):
        assert guess(address=HOME).status == 401
    assert wait_of(log_in(address=HOME)) == 1
    later(1)
    assert log_in(address=HOME).status == 200
    assert guess(address=HOME).status == 401
    assert wait_of(guess(address=HOME)) == 2


def test_who_shares_an_address_with_an_attacker_gets_in_there(
    guess: Attempt, log_in: Attempt, free_at_an_address: int
) -> None:
    log_in("ada", address=AWAY)
    for number in range(free_at_an_address + 1):
        guess(f"user {number}", AWAY)
    assert log_in("new", address=AWAY).status == 429
    assert log_in("ada", address=AWAY).status == 200


def test_a_place_is_known_for_the_user_alone(guess: Attempt, log_in: Attempt, free: int) -> None:
    log_in("eve", address=AWAY)
    for _ in range(free + 1):
        guess("ada")
    assert log_in("ada", address=AWAY).status == 429


def test_a_user_without_failures_at_a_new_place_has_one_attempt_during_an_attack(
    guess: Attempt, log_in: Attempt, free: int
) -> None:
    for _ in range(free + 2):
        guess()
    assert guess(address=HOME).status == 401
    assert guess(address=HOME).status == 429
    assert log_in(address=HOME).status == 429
    assert log_in(address=PHONE).status == 200


def test_the_attempt_comes_back_when_the_failure_is_forgotten(
    guess: Attempt, free: int, later: Later, settings: Settings, new_address: NewAddress
) -> None:
    """The attacker tries at the end of each wait, and so the user waits without a pause."""
    for _ in range(free + 1):
        guess()
    assert guess(address=HOME).status == 401
    passed, each = 0, settings["login.forget_a_failure_after_seconds"]
    while passed < each:
        wait = wait_of(guess(address=HOME))
        later(wait)
        passed += wait
        assert guess(address=new_address()).status == 401
    assert guess(address=HOME).status == 401
    assert guess(address=HOME).status == 429


def test_from_an_address_that_waits_there_is_no_such_attempt(
    guess: Attempt, log_in: Attempt, free: int, free_at_an_address: int
) -> None:
    for _ in range(free + 1):
        guess("ada", HOME)
    for number in range(free_at_an_address + 1):
        guess(f"user {number}")
    assert log_in("ada", address=AWAY).status == 429


def test_such_attempts_count_for_the_address(
    guess: Attempt, free: int, free_at_an_address: int
) -> None:
    victims = [f"user {number}" for number in range(free_at_an_address + 1)]
    for victim in victims:
        for _ in range(free + 1):
            guess(victim, f"2001:db8:{len(victim)}:{victim[5:]}::1")
    assert [guess(victim).status for victim in victims] == [401] * len(victims)
    assert guess("ada").status == 429


# The known places of one address.


@pytest.fixture
def office(log_in: Attempt, settings: Settings) -> Throttle:
    """A throttle with few free failures where three users are known, at one address."""
    for username in ("ada", "bob", "eve"):
        log_in(username, address=HOME)
    return Throttle(changed(settings, login__free_failures_per_known_address=3))


def test_at_the_known_places_of_an_address_failures_count_together(
    office: Throttle, guess: Attempt, log_in: Attempt, later: Later
) -> None:
    for username in ("ada", "bob", "ada", "bob"):
        assert guess(username, HOME, by=office).status == 401
    assert wait_of(guess("ada", HOME, by=office)) == 1
    assert wait_of(log_in("bob", address=HOME, by=office)) == 1
    later(1)
    assert guess("bob", HOME, by=office).status == 401
    assert wait_of(guess("ada", HOME, by=office)) == 2
    assert log_in("ada", address=AWAY, by=office).status == 200


def test_a_colleague_without_failures_does_not_wait_for_those_of_others(
    office: Throttle, guess: Attempt, log_in: Attempt
) -> None:
    for username in ("ada", "bob", "ada", "bob"):
        guess(username, HOME, by=office)
    for _ in range(3):
        assert log_in("eve", address=HOME, by=office).status == 200
    assert guess("eve", HOME, by=office).status == 401
    assert log_in("eve", address=HOME, by=office).status == 429


def test_a_login_during_the_wait_ends_it_for_nobody(
    office: Throttle, guess: Attempt, log_in: Attempt, later: Later
) -> None:
    for username in ("ada", "bob", "ada", "bob"):
        guess(username, HOME, by=office)
    assert log_in("eve", address=HOME, by=office).status == 200
    assert guess("ada", HOME, by=office).status == 429
    later(1)
    guess("ada", HOME, by=office)
    assert wait_of(guess("ada", HOME, by=office)) == 2


def test_who_knows_an_address_cannot_guess_there_at_all_users_who_do(
    guess: Attempt, log_in: Attempt, settings: Settings
) -> None:
    """With the settings as they are served."""
    free = settings["login.free_failures_per_known_address"]
    at_each = settings["login.free_failures_per_address"]
    users = [f"user {number}" for number in range(free // at_each + 2)]
    for username in users:
        assert log_in(username, address=HOME).status == 200
    began = time.monotonic()
    statuses = [guess(username, HOME).status for username in users for _ in range(at_each)]
    # Each of the two whose turn comes after the others has the one attempt of who has not failed.
    # On a slow machine, waits end meanwhile: they are of a second or more.
    most = free + 2 + int(time.monotonic() - began)
    assert free + 2 <= statuses.count(401) <= most
    assert statuses.count(401) + statuses.count(429) == len(statuses)


# One attacker.


def test_one_attacker_is_mostly_waiting_while_the_user_is_not(
    guess: Attempt, log_in: Attempt, later: Later, settings: Settings
) -> None:
    longest = settings["login.longest_wait_per_address_seconds"]
    wait = 0
    while wait < longest:
        answer = guess(address=AWAY)
        wait = wait_of(answer) if answer.status == 429 else 0
        if wait < longest:
            later(wait)
    later(settings["login.longest_wait_per_user_seconds"])
    assert guess(address=AWAY).status == 429
    assert log_in(address=PHONE).status == 200


# Workers.


def test_a_user_may_log_in_often_at_a_time(log_in: Attempt) -> None:
    log_in()
    with ThreadPoolExecutor(12) as threads:
        answers = threads.map(lambda _: log_in().status, range(48))
        assert set(answers) == {200}


def test_no_more_get_through_at_a_time_than_one_after_the_other(guess: Attempt, free: int) -> None:
    with ThreadPoolExecutor(12) as threads:
        statuses = list(threads.map(lambda _: guess().status, range(24)))
    assert sorted(set(statuses)) == [401, 429]
    assert statuses.count(401) == free + 1


def test_of_many_attempts_at_a_time_one_is_let_through_at_a_new_place_during_an_attack(
    guess: Attempt, free: int
) -> None:
    for _ in range(free + 3):
        guess()
    addresses = (HOME, PHONE) * 12
    with ThreadPoolExecutor(12) as threads:
        statuses = list(threads.map(lambda each: guess(address=each).status, addresses))
    assert sorted(statuses) == [401] * 2 + [429] * 22


def test_of_many_attempts_at_a_time_a_colleague_has_one_while_others_wait(
    office: Throttle, guess: Attempt, later: Later
) -> None:
    for wait in (0, 0, 0, 0, 1, 2, 4, 8):
        later(wait)
        assert guess("ada", HOME, by=office).status == 401
    with ThreadPoolExecutor(12) as threads:
        statuses = list(threads.map(lambda _: guess("eve", HOME, by=office).status, range(24)))
    assert sorted(statuses) == [401] + [429] * 23


def test_attempts_of_all_sorts_at_a_time_do_not_wait_for_each_other(
    office: Throttle, log_in: Attempt
) -> None:
    """The database ends a deadlock with an error, which would come out here."""
    users, addresses = ("ada", "bob", "eve", "new"), (HOME, AWAY, PHONE)

    def attempt(number: int) -> int:
        username, address = users[number % 4], addresses[number // 4 % 3]
        return log_in(username, address, by=office, is_right=number % 5 == 0).status

    with ThreadPoolExecutor(12) as threads:
        statuses = set(threads.map(attempt, range(600)))
    assert statuses == {200, 401, 429}


# What becomes of it.


def test_failures_are_forgotten_one_by_one(
    guess: Attempt, free: int, later: Later, settings: Settings
) -> None:
    each = settings["login.forget_a_failure_after_seconds"]
    for _ in range(free):
        guess()
    for _ in range(5):
        later(each)
        assert guess().status == 401
    for _ in range(2):
        later(each / 2)
        assert guess().status == 401
    assert wait_of(guess()) == 1
    later(each * (free + 1))
    assert [guess().status for _ in range(free)] == [401] * free


def test_no_more_failures_are_counted_than_matter(
    guess: Attempt, later: Later, settings: Settings, new_address: NewAddress
) -> None:
    longest = settings["login.longest_wait_per_user_seconds"]
    for _ in range(60):
        assert guess(address=new_address()).status == 401
        later(longest)
    later(DAY)
    assert guess().status == 401
    assert guess().status == 401


def test_rows_are_removed_that_do_not_matter_any_more(
    guess: Attempt, later: Later, engine: Engine
) -> None:
    guess("ada")
    later(2 * DAY)
    guess("bob")
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM failed_logins")) == 3


def test_places_are_forgotten_when_they_are_not_used(
    guess: Attempt, log_in: Attempt, later: Later, engine: Engine
) -> None:
    log_in(address=HOME)
    later(KNOWN_FOR.total_seconds() / 2)
    log_in(address=AWAY)
    later(KNOWN_FOR.total_seconds() / 2 + HOUR)
    guess("somebody")
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM known_places")) == 1


def test_neither_names_nor_addresses_are_stored(
    guess: Attempt, log_in: Attempt, engine: Engine
) -> None:
    log_in(address=HOME)
    guess("correct horse", HOME)
    with engine.connect() as connection:
        rows = [
            *connection.execute(text("SELECT * FROM failed_logins")),
            *connection.execute(text("SELECT * FROM known_places")),
        ]
    assert len(rows) == 6
    assert not [row for row in map(str, rows) if "horse" in row or HOME in row or "ada" in row]


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
    with pytest.raises(
        ConfigurationError,
        match=r"login\.longest_wait_per_user_seconds must be at least 1 and less",
    ):
        Throttle(changed(settings, **limits))
