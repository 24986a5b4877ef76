"""What people meet in a browser, besides the straight way of `./invoke demo --check`."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
import requests
from playwright.sync_api import expect

from tasks.checks.pages import CHECKS, Person
from tasks.system import TIMEOUT_SECONDS, Login, System
from tests.system.conftest import NewPerson

LONG = "x" * 10_001

HOUR_MS = 3_600_000


def test_a_person_signs_in_writes_searches_and_signs_out(person: Person[System]) -> None:
    for check in CHECKS:
        check(person)


def test_all_of_it_works_without_javascript(new_person: NewPerson, system: System) -> None:
    person = new_person(system, java_script_enabled=False)
    person.open("/thoughts/new")
    person.sign_in()
    person.write("Without any script")
    person.sees("It is saved.")
    person.open("/search?search=without+any")
    person.sees("Without any script")
    person.page.get_by_role("button", name="Sign out").click()
    person.sees("You are signed out.")


def test_the_keyboard_is_enough(person: Person[System]) -> None:
    def tab_to(name: str) -> None:
        """Press Tab until the wanted element has the focus."""
        for _ in range(20):
            person.page.keyboard.press("Tab")
            focused = person.page.evaluate(
                "[document.activeElement.innerText, document.activeElement.id]"
            )
            if name in focused:
                return
        raise AssertionError(f"Tab never comes to {name}")

    keyboard = person.page.keyboard
    person.open("/")
    tab_to("Skip to the content")
    assert person.page.get_by_text("Skip to the content").bounding_box()["y"] >= 0  # type: ignore[index]  # it is shown
    tab_to("Sign in")
    keyboard.press("Enter")
    person.is_at("Sign in")
    tab_to("username")
    keyboard.type(person.system.person.username)
    tab_to("password")
    keyboard.type(person.system.person.password)
    keyboard.press("Enter")
    person.is_at("Newest thoughts")
    tab_to("Write")
    keyboard.press("Enter")
    person.is_at("Write a thought")
    tab_to("text")
    keyboard.type("By keyboard")
    tab_to("Save")
    keyboard.press("Enter")
    person.sees("By keyboard")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_mistake_is_shown_where_it_is_and_without_barriers(
    new_person: NewPerson, system: System, scheme: str
) -> None:
    person = new_person(system, color_scheme=scheme)
    person.open("/login/")
    person.page.get_by_label("Username").fill("nobody-knows-me")
    person.page.get_by_label("Password", exact=True).fill("a wrong password")
    person.page.get_by_role("main").get_by_role("button", name="Sign in").click()
    expect(person.page.get_by_role("alert")).to_be_focused()
    expect(person.page.get_by_label("Username")).to_have_value("nobody-knows-me")
    expect(person.page.get_by_label("Password", exact=True)).to_have_value("")
    expect(person.page.get_by_label("Username")).to_have_accessible_description(
        "Error: This username and password do not belong together. Check both, then try again."
    )
    person.keep(f"a-mistake-{scheme}")


def test_a_text_that_is_too_long_comes_back_with_what_to_mend(person: Person[System]) -> None:
    person.open("/thoughts/new")
    person.sign_in()
    person.write(LONG)
    expect(person.page.get_by_role("alert")).to_contain_text("10,000")
    expect(person.page.get_by_label("Your text")).to_have_value(LONG)
    person.keep("too-long")


@pytest.mark.parametrize("path", ["/nothing-is-here", "/thoughts/new/", "/?after=x"])
def test_a_wrong_address_is_a_page_with_a_way_on(person: Person[System], path: str) -> None:
    person.open(path)
    link = person.page.get_by_role("main").get_by_role("link", name="To the newest thoughts")
    link.click()
    person.is_at("Newest thoughts")


def test_the_back_button_shows_nothing_of_who_has_signed_out(person: Person[System]) -> None:
    person.open("/thoughts/new")
    person.sign_in()
    person.write("For my eyes")
    person.is_at("My thoughts")
    person.page.get_by_role("button", name="Sign out").click()
    person.sees("You are signed out.")
    person.page.go_back()
    person.is_at("Sign in")


def test_signing_out_in_one_tab_loses_no_text_in_another(person: Person[System]) -> None:
    person.open("/thoughts/new")
    person.sign_in()
    person.page.get_by_label("Your text").fill("Written in two tabs")
    other = person.page.context.new_page()
    other.goto(f"{person.system.frontend.address}/logout/")
    other.get_by_role("main").get_by_role("button", name="Sign out").click()
    expect(other.get_by_role("main")).to_contain_text("You are signed out.")
    person.page.get_by_role("button", name="Save").click()
    person.sees("Your text is kept")
    person.sign_in()
    expect(person.page.get_by_label("Your text")).to_have_value("Written in two tabs")
    person.page.get_by_role("button", name="Save").click()
    person.sees("It is saved.")


def test_two_who_edit_at_once_lose_no_text(person: Person[System]) -> None:
    person.open("/thoughts/new")
    person.sign_in()
    person.write("Before both")
    edit = person.page.get_by_role("link", name="Edit “Before both”")
    address = person.system.frontend.address + (edit.get_attribute("href") or "")
    edit.click()
    other = person.page.context.new_page()
    other.goto(address)
    other.get_by_label("Your text").fill("The faster one")
    other.get_by_role("button", name="Save").click()
    expect(other.get_by_role("main")).to_contain_text("Your change is saved.")
    person.write("The slower one")
    expect(person.page.get_by_role("alert")).to_contain_text("was changed in the meantime")
    expect(person.page.get_by_label("Your text")).to_have_value("The slower one")
    expect(person.page.locator("blockquote")).to_have_text("The faster one")
    person.keep("changed-meanwhile")
    person.write("Both")
    person.sees("Your change is saved.")


@pytest.fixture(scope="module")
def writer(system: System) -> Login:
    """Somebody who has written a lot: 44 short texts, then two long ones, one in Arabic."""
    login = Login("writer", "a long enough password")
    system.create_user(login)
    headers = system.authorization(login)
    long = "unbrokenwords" * 40 + "\n\n" + "and then a sentence of usual words, " * 60
    texts = [f"Number {n} of many" for n in range(44)] + [long, "القهوة أولاً، ثم الاجتماع. " * 30]
    for text in texts:
        requests.post(
            f"{system.thoughts.address}/api/me/thoughts/",
            json={"text": text},
            headers=headers,
            timeout=TIMEOUT_SECONDS,
        ).raise_for_status()
    return login


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_long_list_of_long_texts_is_read_to_its_end_and_back(
    new_person: NewPerson, system: System, writer: Login, scheme: str
) -> None:
    wide = {"width": 1600, "height": 900}
    person = new_person(system, color_scheme=scheme, viewport=wide)
    person.open("/login/?next=/thoughts/")
    person.sign_in(writer)
    person.sees("46 thoughts")
    right_to_left = person.page.locator(".text").first
    assert right_to_left.evaluate("each => getComputedStyle(each).direction") == "rtl"
    lefts = {
        each.evaluate("each => each.getBoundingClientRect().left")
        for each in person.page.locator(".items li").all()
    }
    assert len(lefts) > 1, "a wide screen shows several beside each other"
    person.keep(f"long-list-{scheme}")
    for page in ("Page 2 of 3", "Page 3 of 3"):
        person.page.get_by_role("link", name="Older ones").click()
        person.sees(page)
    person.sees("Number 0 of many")
    expect(person.page.get_by_role("link", name="Older ones")).to_have_count(0)
    person.page.get_by_role("link", name="Newer ones").click()
    person.sees("Page 2 of 3")
    person.keep(f"long-list-in-the-middle-{scheme}")
    person.page.get_by_role("link", name="Newer ones").click()
    person.sees("Page 1 of 3")
    person.open("/search?search=NUMBER+4")
    expect(person.page.locator("mark").first).to_have_text("Number 4")
    person.keep(f"marked-{scheme}")


def test_times_are_those_of_the_reader_or_of_utc_without_javascript(
    new_person: NewPerson, system: System, writer: Login
) -> None:
    reader = new_person(system, timezone_id="Asia/Kolkata")
    reader.page.clock.install()
    reader.open("/search?search=Number+43")
    shown = reader.page.locator("time")
    expect(shown).to_have_text("just now")
    expect(shown).to_have_attribute("title", re.compile(r" (GMT\+5:30|IST)$"))
    for hours, words in ((2, "2 hours ago"), (30, "yesterday")):
        reader.page.clock.fast_forward(hours * HOUR_MS)
        expect(shown).to_have_text(words)
    reader.page.clock.fast_forward(300 * HOUR_MS)
    expect(shown).to_have_text(re.compile(r"^\w+ \d+, \d{4} at \d+:\d\d"))
    without = new_person(system, timezone_id="Asia/Kolkata", java_script_enabled=False)
    without.open("/search?search=Number+43")
    expect(without.page.locator("time")).to_have_text(re.compile(r"^\d+ \w+ \d{4}, \d\d:\d\d UTC$"))


def test_a_password_can_be_looked_at_and_is_sent_as_one(
    new_person: NewPerson, system: System
) -> None:
    person = new_person(system)
    person.open("/login/")
    password = person.page.get_by_label("Password", exact=True)
    password.fill(system.person.password)
    person.page.get_by_role("button", name="Show password").click()
    expect(password).to_have_attribute("type", "text")
    person.keep("password-shown")
    person.page.get_by_role("button", name="Hide password").click()
    expect(password).to_have_attribute("type", "password")
    person.page.get_by_role("button", name="Show password").click()
    person.sign_in()
    person.is_at("Newest thoughts")
    without = new_person(system, java_script_enabled=False)
    without.open("/login/")
    expect(without.page.get_by_role("button", name="Show password")).to_have_count(0)


@contextmanager
def site(body: str) -> Iterator[str]:
    """Serve a page on this machine, and lend its address."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_another_site_may_not_frame_the_pages(person: Person[System]) -> None:
    def framed(address: str) -> str:
        """Return what a frame on another site shows of an address."""
        with site(f'<iframe src="{address}"></iframe>') as another:
            person.page.goto(another)
            return person.page.frames[1].content()

    with site("A page that may be framed") as may_be:
        assert "A page that may be framed" in framed(may_be)
    assert "Sign in" not in framed(f"{person.system.frontend.address}/login/")
