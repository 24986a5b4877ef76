"""What people see when a part of the system fails, and that it goes on by itself afterwards."""

import re
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count

import pytest
import requests
from playwright.sync_api import expect

from tasks.checks.pages import Person
from tasks.checks.visitor import Visitor
from tasks.program import states_of_group
from tasks.running_service import RunningService
from tasks.system import System
from tests.waiting import eventually

TIMEOUT_SECONDS = 8
"""`calls.total_timeout_seconds` of the frontend."""

SLACK_SECONDS = 5
"""What a busy machine takes besides."""


@contextmanager
def killed(service: RunningService) -> Iterator[None]:
    """Kill a service as a power failure does, and start it again in the end."""
    service.program.kill()
    try:
        yield
    finally:
        service.serve()


@contextmanager
def frozen(service: RunningService) -> Iterator[None]:
    """Have a service take connections and answer none."""
    service.program.signal(signal.SIGSTOP)
    try:
        # On a busy machine a worker may still answer a request before it stops.
        eventually(lambda: states_of_group(service.program.pid) == {"T"})
        yield
    finally:
        service.program.signal(signal.SIGCONT)
        eventually(service.is_ready)


def status_and_seconds(person: Person[System], path: str) -> tuple[int, float]:
    """Open a page; return its status and how long it took."""
    begun = time.monotonic()
    response = person.page.goto(person.system.frontend.address + path)
    assert response is not None
    return response.status, time.monotonic() - begun


def test_a_backend_that_is_killed_while_somebody_writes_costs_no_text(
    person: Person[System],
) -> None:
    person.open("/thoughts/new")
    person.sign_in()
    person.page.get_by_label("Your text").fill("Typed before it was killed")
    with killed(person.system.thoughts):
        with person.page.expect_response("**/thoughts/new") as answered:
            person.page.get_by_role("button", name="Save").click()
        assert answered.value.status == 503
        expect(person.page.get_by_role("alert")).to_contain_text("could not be saved just now")
        text = person.page.get_by_label("Your text")
        expect(text).to_have_value("Typed before it was killed")
        person.keep("killed-while-writing")
        other = person.page.context.new_page()
        shown = other.goto(person.system.frontend.address)
        assert shown is not None
        assert shown.status == 503
        expect(other.get_by_role("heading", level=1)).to_have_text("Not available at the moment")
        expect(other.get_by_role("link", name="Try again")).to_be_visible()
        expect(other.get_by_label("Username")).to_have_count(0)  # it is no login
    person.page.get_by_role("button", name="Save").click()
    person.sees("It is saved.")
    expect(person.page.locator(".text", has_text="Typed before it was killed")).to_have_count(1)


def test_a_backend_that_hangs_is_a_page_within_the_time_out(person: Person[System]) -> None:
    person.open("/thoughts/new")
    person.sign_in()
    with frozen(person.system.thoughts):
        for path in ("/", "/thoughts/", "/search?search=x"):
            status, seconds = status_and_seconds(person, path)
            assert status == 503
            assert seconds < TIMEOUT_SECONDS + SLACK_SECONDS
        person.keep("hangs")
        # What needs no backend is there all the while.
        assert status_and_seconds(person, "/search")[0] == 200
    assert status_and_seconds(person, "/thoughts/")[0] == 200


def test_a_silent_backend_silences_nobody_else(system: System) -> None:
    def asked(path: str) -> tuple[int, float]:
        """Return how a request is answered, and after how many seconds."""
        begun = time.monotonic()
        answer = requests.get(system.frontend.address + path, timeout=60)
        return answer.status_code, time.monotonic() - begun

    with frozen(system.thoughts), ThreadPoolExecutor(44) as threads:
        visits = [threads.submit(asked, "/") for _ in range(40)]
        time.sleep(1)
        probes = [threads.submit(asked, path) for path in ("/health/live", "/login/") * 2]
        assert {visit.result()[0] for visit in visits} == {503}
        for probe in probes:
            status, seconds = probe.result()
            assert status == 200
            # Where all threads wait, it takes as long as three calls, one after the other.
            assert seconds < TIMEOUT_SECONDS
    assert "too many concurrent calls are waiting" in system.frontend.log.read_text("utf-8")


def test_a_thought_that_may_have_been_saved_is_not_sent_twice(person: Person[System]) -> None:
    person.open("/thoughts/new")
    person.sign_in()
    person.is_at("Write a thought")
    before = len(person.system.thoughts.log.read_text("utf-8"))
    with frozen(person.system.thoughts):
        person.write("Saved once at most")
        expect(person.page.get_by_role("alert")).to_contain_text("Look whether it is among your")
    # What was sent is dealt with now, or refused, as nobody waits for it any more.
    person.open("/thoughts/")
    assert person.page.locator(".text", has_text="Saved once at most").count() <= 1
    after = person.system.thoughts.log.read_text("utf-8")[before:]
    assert len(re.findall(r'"message":"POST \S+ (?:201|503)"', after)) == 1


def test_an_issuer_that_is_down_keeps_nobody_out_who_is_in(
    person: Person[System], system: System
) -> None:
    inside, outside = Visitor(system), Visitor(system)
    inside.sign_in()
    with killed(system.users):
        inside.send("/thoughts/new", text="Written without the issuer")
        assert "Written without the issuer" in outside.get("/").text
        said = outside.sign_in(expected=503).text
        assert "Nobody can be signed in just now." in said
        person.open("/login/")
        person.sign_in()
        person.sees("Nobody can be signed in just now.")
        expect(person.page.get_by_label("Username")).to_have_value(system.person.username)
        person.keep("issuer-down")
        # Who signs out is out here, whatever the issuer says.
        assert "signed out" in inside.send("/logout/").text
    outside.sign_in()


def test_a_database_that_comes_and_goes_loses_nothing_that_was_saved(system: System) -> None:
    visitor, numbers = Visitor(system), count()
    visitor.sign_in()
    token = visitor.token_of("/thoughts/new")
    saved: list[str] = []

    def write() -> int:
        """Write a thought, and note it where the page says that it is saved."""
        text = f"While it comes and goes {next(numbers)}."
        answer = requests.post(
            f"{system.frontend.address}/thoughts/new",
            data={"csrf_token": token, "text": text},
            headers={"Cookie": visitor.cookies},
            timeout=30,
            allow_redirects=False,
        )
        if answer.status_code == 303:
            saved.append(text)
        return answer.status_code

    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(lambda _: write(), range(20))) == {303}
        going = [threads.submit(write) for _ in range(20)]
        system.database.stop()
        try:
            assert {each.result() for each in going} <= {303, 503}
            assert_it_says_so(system)
        finally:
            system.database.start()
        eventually(lambda: write() == 303)
        assert set(threads.map(lambda _: write(), range(20))) == {303}
    eventually(lambda: all(service.is_ready() for service in system.services))
    for text in saved:
        found = visitor.get("/search", params={"search": text}).text
        assert "1 thought with" in found, text
    Visitor(system).sign_in()


def assert_it_says_so(system: System) -> None:
    """See that all services are alive, and who needs the database says that it is not there."""
    stranger = Visitor(system)
    assert "Not available at the moment" in stranger.get("/", expected=503).text
    stranger.sign_in(expected=503)
    for service in system.services:
        assert requests.get(f"{service.address}/health/live", timeout=10).status_code == 200
        ready = requests.get(f"{service.address}/health/ready", timeout=10)
        # The frontend has no database: it is there to say what is not.
        assert ready.status_code == (200 if service is system.frontend else 503)


@pytest.mark.parametrize("name", ["users", "thoughts"])
def test_the_frontend_tells_operators_whom_it_misses(system: System, name: str) -> None:
    def missed() -> dict[str, str]:
        ready = requests.get(f"{system.frontend.address}/health/ready", timeout=10)
        checks: dict[str, str] = ready.json()["checks"]
        return {service: check for service, check in checks.items() if check != "ok"}

    with killed(getattr(system, name)):
        eventually(lambda: missed().keys() == {name})
    eventually(lambda: missed() == {})
