"""What people meet in a browser, besides the straight way of `./invoke demo --check`."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from playwright.sync_api import expect

from tasks.checks.pages import CHECKS, Person
from tasks.system import System
from tests.system.conftest import NewPerson

LONG = "x" * 10_001


def test_a_person_signs_in_writes_searches_and_signs_out(person: Person[System]) -> None:
    for check in CHECKS:
        check(person)


def test_all_of_it_works_without_javascript(new_person: NewPerson, system: System) -> None:
    person = new_person(system, java_script_enabled=False)
    person.open("/thoughts/new")
    person.sign_in()
    person.write("Without any script")
    person.sees("Your thought is saved.")
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
    person.page.get_by_label("Name").fill("nobody-knows-me")
    person.page.get_by_label("Password").fill("a wrong password")
    person.page.get_by_role("main").get_by_role("button", name="Sign in").click()
    expect(person.page.get_by_role("alert")).to_be_focused()
    expect(person.page.get_by_label("Name")).to_have_value("nobody-knows-me")
    expect(person.page.get_by_label("Password")).to_have_value("")
    expect(person.page.get_by_label("Name")).to_have_accessible_description(
        "Error: This name and password do not belong together. Check both and try again."
    )
    person.keep(f"a-mistake-{scheme}")


def test_a_text_that_is_too_long_comes_back_with_what_to_mend(person: Person[System]) -> None:
    person.open("/thoughts/new")
    person.sign_in()
    person.write(LONG)
    expect(person.page.get_by_role("alert")).to_contain_text("10000")
    expect(person.page.get_by_label("Your thought")).to_have_value(LONG)
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
    person.page.get_by_label("Your thought").fill("Written in two tabs")
    other = person.page.context.new_page()
    other.goto(f"{person.system.frontend.address}/logout/")
    other.get_by_role("main").get_by_role("button", name="Sign out").click()
    expect(other.get_by_role("main")).to_contain_text("You are signed out.")
    person.page.get_by_role("button", name="Save").click()
    person.sees("Your text is kept")
    person.sign_in()
    expect(person.page.get_by_label("Your thought")).to_have_value("Written in two tabs")
    person.page.get_by_role("button", name="Save").click()
    person.sees("Your thought is saved.")


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
