"""What a person does in a browser: signs in, writes a thought, searches, signs out."""

from pathlib import Path
from typing import Generic, TypeVar

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Error, Page, expect

from ..system import Login, Together
from . import verdict
from .browser import chromium
from .verdict import Check

THOUGHT = "I came by browser <script>document.title = 'hacked'</script>"

Whole = TypeVar("Whole", bound=Together, covariant=True)

PHONE = {"width": 360, "height": 640}

SMALLEST_PX = 44
"""The smallest width and height that a finger hits."""

TOO_SMALL = """smallest => [...document.querySelectorAll("a, button, input, textarea")]
    .filter(each => each.checkVisibility() && !each.closest(".summary, .hint"))
    .map(each => [each.innerText || each.name, each.getBoundingClientRect()])
    .filter(([, box]) => Math.min(box.width, box.height) < smallest)
    .map(([name, box]) => `${name}: ${Math.round(box.width)} x ${Math.round(box.height)} px`)
"""
"""Lists what is too small to touch. Links in sentences are as high as their line."""

PATIENCE_MS = 15_000
"""More than a page takes that waits for a service which does not answer."""


class Person(Generic[Whole]):
    """A person with a browser, whose pages are photographed and looked at for barriers."""

    def __init__(self, system: Whole, context: BrowserContext, album: Path) -> None:
        """`album` is where the pictures go."""
        self.system = system
        self.page: Page = context.new_page()
        self.page.set_default_timeout(PATIENCE_MS)
        self._album = album
        self.complaints: list[str] = []
        self.page.on("console", lambda said: self.complaints.append(said.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def open(self, path: str) -> None:
        """Enter an address."""
        self.page.goto(self.system.frontend.address + path)

    def sees(self, text: str) -> None:
        """See that the page has a text, as a person reads it."""
        expect(self.page.get_by_role("main")).to_contain_text(text)

    def is_at(self, heading: str) -> None:
        """See which page it is."""
        expect(self.page.get_by_role("heading", level=1)).to_have_text(heading)

    def sign_in(self, login: Login | None = None) -> None:
        """Fill in the form of the login and send it, as the system's person or somebody else."""
        person = login or self.system.person
        self.page.get_by_label("Username").fill(person.username)
        self.page.get_by_label("Password", exact=True).fill(person.password)
        self.page.get_by_role("main").get_by_role("button", name="Sign in").click()

    def write(self, text: str) -> None:
        """Fill in the form for a thought and send it."""
        self.page.get_by_label("Your text").fill(text)
        self.page.get_by_role("button", name="Save").click()

    def keep(self, name: str) -> None:
        """Take a picture of the page, whole, on a desk and on a phone."""
        desk = self.page.viewport_size or PHONE
        self._album.mkdir(parents=True, exist_ok=True)
        for suffix, size in (("", desk), ("-phone", PHONE)):
            self.page.set_viewport_size(size)  # type: ignore[arg-type]  # a mapping of the same keys
            self.page.screenshot(path=self._album / f"{name}{suffix}.png", full_page=True)
        assert self.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], (
            f"{name} must be scrolled sideways on a phone"
        )
        too_small = self.page.evaluate(TOO_SMALL, SMALLEST_PX)
        assert not too_small, f"{name} has what is too small to touch: {', '.join(too_small)}"
        self.page.set_viewport_size(desk)  # type: ignore[arg-type]  # as above
        barriers = Axe().run(self.page)
        assert not barriers.violations_count, f"{name}: {barriers.generate_report()}"


def signs_in(person: Person[Together]) -> None:
    """a person comes to the newest thoughts, and signs in"""
    person.open("/")
    person.is_at("Newest thoughts")
    person.keep("1-newest")
    person.page.get_by_role("link", name="Sign in").click()
    person.is_at("Sign in")
    person.keep("2-sign-in")
    person.sign_in()
    person.is_at("Newest thoughts")
    expect(person.page.get_by_role("button", name="Sign out")).to_be_visible()


def writes(person: Person[Together]) -> None:
    """writes a thought with a script in it, which is shown and not run"""
    person.page.get_by_role("navigation").get_by_role("link", name="Write").click()
    person.keep("3-write")
    person.write(THOUGHT)
    person.is_at("My thoughts")
    person.sees("It is saved.")
    person.sees(THOUGHT)
    person.keep("4-mine")
    assert "hacked" not in person.page.title()


def searches(person: Person[Together]) -> None:
    """searches for it, in capitals"""
    person.page.get_by_role("navigation").get_by_role("link", name="Search").click()
    person.page.get_by_label("Text to look for").fill("CAME BY BROWSER")
    person.page.get_by_role("button", name="Search").click()
    person.sees("1 thought with")
    person.sees(THOUGHT)
    expect(person.page.locator("mark")).to_have_text("came by browser")
    person.keep("5-search")


def changes(person: Person[Together]) -> None:
    """changes it, and deletes it once that is confirmed"""
    person.page.get_by_role("link", name="Edit “I came").click()
    person.is_at("Edit your thought")
    person.keep("6-edit")
    person.write("Changed in a browser")
    person.sees("Your change is saved.")
    person.page.get_by_role("link", name="Delete “Changed").click()
    person.is_at("Delete this thought?")
    person.keep("7-delete")
    person.page.get_by_role("button", name="Delete").click()
    person.sees("It is deleted.")
    expect(person.page.get_by_role("main")).not_to_contain_text("Changed in a browser")


def signs_out(person: Person[Together]) -> None:
    """signs out, and nobody who uses the browser next is taken for the same person"""
    person.page.get_by_role("button", name="Sign out").click()
    person.sees("You are signed out.")
    person.open("/thoughts/")
    person.is_at("Sign in")
    person.sees("Please sign in first.")
    person.keep("8-signed-out")


def meets_no_complaint(person: Person[Together]) -> None:
    """and in all that the browser has nothing to complain of"""
    assert not person.complaints, person.complaints


CHECKS: tuple[Check[Person[Together]], ...] = (
    signs_in,
    writes,
    searches,
    changes,
    signs_out,
    meets_no_complaint,
)


def passes(system: Together, album: Path) -> bool:
    """Make every check in Chromium. Raises NoBrowserError if it is not installed."""
    with chromium() as browser, browser.new_context() as context:
        return verdict.passes(CHECKS, Person(system, context, album), failures=(Error,))
