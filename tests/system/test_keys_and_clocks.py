"""Tokens between the services: they expire, their keys rotate, the clocks of machines differ."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import jwt
import pytest
import requests
from invoke import Exit
from playwright.sync_api import expect

from tasks.checks.visitor import Visitor
from tasks.service_folder import DEVELOPMENT
from tasks.system import THOUGHTS, USERS, Login, System
from tests.system.conftest import Folders, NewPerson, NewSystem
from tests.waiting import eventually, soon

LEEWAY_SECONDS = 30
"""`tokens.leeway_seconds`."""

PASSWORD = "a good long password"
LIFE_SECONDS = 8
CACHE_SECONDS = 10


def tokens(**settings: int) -> dict[str, dict[str, str]]:
    """Return these settings of `tokens` for the services that have them."""
    dotted = {f"tokens.{name}": str(value) for name, value in settings.items()}
    return {USERS: dotted, THOUGHTS: dotted}


def own(system: System, headers: dict[str, str]) -> int:
    """Return how the user's own thoughts are answered."""
    url = f"{system.thoughts.address}/api/me/thoughts/"
    return requests.get(url, headers=headers, timeout=30).status_code


def test_a_token_that_expires_while_somebody_writes_costs_no_text(
    new_system: NewSystem, new_person: NewPerson
) -> None:
    system = new_system(tokens(life_seconds=3, leeway_seconds=0))
    system.start()
    person = new_person(system)
    person.open("/thoughts/new")
    person.sign_in()
    person.page.get_by_label("Your text").fill("It took me a while")
    time.sleep(4)
    person.page.get_by_role("button", name="Save").click()
    person.is_at("Sign in")
    person.sees("You have been signed out. Please sign in again.")
    person.sees("Your text is kept")
    person.keep("expired")
    person.sign_in()
    expect(person.page.get_by_label("Your text")).to_have_value("It took me a while")
    person.page.get_by_role("button", name="Save").click()
    person.sees("It is saved.")


# A whole rotation, under load.


class Load:
    """Users who log in again and again, and use each token until shortly before it expires."""

    def __init__(self, system: System, users: int) -> None:
        """Each user logs in alone: logins of one user all at once are slowed down."""
        self._system = system
        self._logins = [
            Login(f"caller-{number}", "a good long password") for number in range(users)
        ]
        for login in self._logins:
            system.create_user(login)
        self._is_over = threading.Event()
        self.statuses: Counter[tuple[str, int]] = Counter()
        self.kids: set[str] = set()
        self._threads = ThreadPoolExecutor(2 * users)
        self._running = [
            self._threads.submit(call, login)
            for login in self._logins
            for call in (self._call_the_api, self._visit_the_pages)
        ]

    def _call_the_api(self, login: Login) -> None:
        url = f"{self._system.thoughts.address}/api/me/thoughts/"
        while not self._is_over.is_set():
            headers = self._system.authorization(login)
            self.kids.add(kid_of(headers))
            self._until_it_expires("api", url, headers)

    def _visit_the_pages(self, login: Login) -> None:
        url = f"{self._system.frontend.address}/thoughts/"
        while not self._is_over.is_set():
            visitor = Visitor(self._system)
            visitor.sign_in(login)
            self._until_it_expires("pages", url, {"Cookie": visitor.cookies})

    def _until_it_expires(self, where: str, url: str, headers: dict[str, str]) -> None:
        until = time.monotonic() + LIFE_SECONDS - 2
        while time.monotonic() < until and not self._is_over.is_set():
            # A redirect of the pages leads to the login: it counts as what it is.
            answer = requests.get(url, headers=headers, timeout=30, allow_redirects=False)
            self.statuses[where, answer.status_code] += 1
            time.sleep(0.1)

    def count(self) -> int:
        """Return how many calls have been answered so far."""
        return self.statuses.total()

    def end(self) -> None:
        """Have everybody stop; what went wrong is raised here."""
        self._is_over.set()
        for each in self._running:
            each.result()
        self._threads.shutdown()


def kid_of(headers: dict[str, str]) -> str:
    """Return the id of the key that has signed a token."""
    token = headers["Authorization"].removeprefix("Bearer ")
    return str(jwt.get_unverified_header(token)["kid"])


def test_a_rotation_under_load_refuses_no_valid_token_and_then_the_old_key(
    new_system: NewSystem,
) -> None:
    system = new_system(
        tokens(life_seconds=LIFE_SECONDS, leeway_seconds=0, keys_cache_seconds=CACHE_SECONDS)
    )
    system.start()
    # Of the old key, and valid for long: nothing but the key can be a reason to refuse it.
    old = {"Authorization": f"Bearer {system.users.token('ada', minutes=30)}"}
    assert own(system, old) == 200
    load = Load(system, users=3)
    try:
        steps = rotate(system, load)
    finally:
        load.end()
    assert load.statuses.keys() == {("api", 200), ("pages", 200)}, load.statuses
    assert load.count() > 500
    assert load.kids == {kid_of(old), kid_of(system.authorization(system.person))}
    assert len(load.kids) == 2
    done = [line.partition(" is done")[0] for line in steps if line.startswith("Step")]
    assert done == [f"Step {number} of 6" for number in (1, 2, 4, 6)]
    # The caches learn of it when they are fetched again.
    assert soon(lambda: refused(system, old), expected=True)
    assert own(system, system.authorization(system.person)) == 200


def rotate(system: System, load: Load) -> list[str]:
    """Walk all steps as an operator does: again and again, until the task says that it is over."""
    said: list[str] = []
    deadline = time.monotonic() + 120
    while "The rotation is complete." not in said:
        assert time.monotonic() < deadline, said
        wait_for_calls(load)
        said += step(system)
    return said


def wait_for_calls(load: Load, number: int = 20) -> None:
    """Wait until some more calls have been answered."""
    enough = load.count() + number
    eventually(lambda: load.count() >= enough)


def step(system: System) -> list[str]:
    """Do the next step, or wait a moment if it is too early."""
    words = ["keys.rotate", "--folder", str(system.users.keys)]
    try:
        return system.users.run(*words, environment=DEVELOPMENT).splitlines()
    except Exit as refusal:
        if "Too early." not in str(refusal):
            raise
        time.sleep(0.5)
        return []


def refused(system: System, headers: dict[str, str]) -> bool:
    """Whether all workers refuse a token."""
    return {own(system, headers) for _ in range(20)} == {401}


# Clocks that differ.


@pytest.fixture(scope="module")
def clocks(folders: Folders, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A system whose issuer is started again with other clocks. Its tokens live for 5 s."""
    made = System(folders, tmp_path_factory.mktemp("clocks"), supplied=tokens(life_seconds=5))
    try:
        made.start(with_person=False)
        yield made
    finally:
        made.stop()


@contextmanager
def shifted(system: System, seconds: int) -> Iterator[None]:
    """Start the issuer again, with a clock that goes before or after all others."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    if not found:
        pytest.skip("faketime is not installed (apt install faketime)")
    system.users.more_variables = {
        "LD_PRELOAD": str(found[0]),
        "FAKETIME": f"{seconds:+}s",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    system.users.end()
    system.users.serve()
    try:
        yield
    finally:
        # uWSGI waits for its workers by a clock that it does not expect to be changed.
        system.users.program.kill()


@pytest.mark.parametrize("seconds", [LEEWAY_SECONDS - 3, -LEEWAY_SECONDS + 3])
def test_clocks_may_be_30_seconds_apart(clocks: System, seconds: int) -> None:
    """Without leeway the tokens would not be valid yet, or have expired: they live for 5 s."""
    system = clocks
    with shifted(system, seconds):
        headers = system.authorization(system.administrator)
        token = headers["Authorization"].removeprefix("Bearer ")
        claims = jwt.decode(token, options={"verify_signature": False})
        assert abs(claims["iat"] - (time.time() + seconds)) < 10
        assert own(system, headers) == 200
        visitor = Visitor(system)
        visitor.sign_in(system.administrator)
        assert visitor.get("/thoughts/").url.endswith("/thoughts/")


@pytest.mark.parametrize(
    ("seconds", "reason"),
    [(LEEWAY_SECONDS + 10, "it is not valid yet"), (-LEEWAY_SECONDS - 10, "it has expired")],
)
def test_clocks_that_are_further_apart_are_told(clocks: System, seconds: int, reason: str) -> None:
    system = clocks
    with shifted(system, seconds):
        headers = system.authorization(system.administrator)
        assert own(system, headers) == 401
        eventually(lambda: f"token refused: {reason}" in system.thoughts.log.read_text("utf-8"))
        visitor = Visitor(system)
        visitor.sign_in(system.administrator)
        assert "/login/" in visitor.get("/thoughts/").url
