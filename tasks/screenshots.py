"""Takes the pictures of README and docs in Chromium, of the examples, running as in production."""

import secrets
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import requests
from invoke import Context, task

from . import pictures
from .fleet import page as fleet_page
from .fleet.repositories import Branch
from .fleet.state import State
from .fleet.status import counts
from .folders import ROOT
from .render import example, render_anew
from .service_folder import ServiceFolder
from .system import NAMES, TIMEOUT_SECONDS, Login, System
from .test import install_tools

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CACHE = ROOT / ".cache" / "screenshots"

DESK, PHONE, TABLE = (1280, 800), (390, 844), (1280, 880)

PEOPLE = ("ada", "grace", "linus", "omar", "margaret")

LONG = (
    "Notes on the outage of Tuesday: the database was gone for four minutes. Nobody lost a text, "
    "since the form kept each, and all came back by itself. What we change: the alert fires after "
    "one minute, not three; and the runbook says first whom to call. Thanks to everybody who "
    "stayed up late, and to the cat, who was the first to notice. The next exercise is in a "
    "fortnight, and this time the issuer goes first. Who wants to write down what happened, while "
    "we still know it? A page is enough."
)

TEXTS = (
    ("omar", "القهوة أولاً، ثم الاجتماع."),
    ("grace", "A ship in port is safe, but that is not what ships are built for."),
    ("linus", "Tea at four, every day. Without tea there is no code."),
    ("margaret", "There was no choice but to be pioneers."),
    ("ada", "The engine weaves patterns of numbers, as a loom weaves flowers and leaves."),
    ("omar", "Moved the meeting to Thursday. Bring tea."),
    ("grace", LONG),
    ("linus", "Reading a good book about compilers. Chapter three is worth the price."),
    ("margaret", "Landed. 🌖"),
    ("ada", "Tea with Charles. We speak of nothing but wheels and barrels."),
)
"""Who wrote what, the oldest first."""

TAGS = ["v1.0.0", "v1.1.0", "v1.2.0"]

FLEET = [
    State("billing", "", fault=".cruft.json cannot be read: restore it", team="Money"),
    State(
        "users-backend",
        "",
        "v1.2.0",
        [],
        chassis="1.2.0",
        kind="issuer",
        team="Platform",
        drift={},
        updated="2026-11-29",
        days=1,
    ),
    State(
        "thoughts-backend",
        "",
        "v1.0.0",
        ["v1.1.0", "v1.2.0"],
        chassis="1.0.0",
        kind="resource",
        team="Thoughts",
        drift={"infra/uwsgi.yaml": "edited"},
        updated="2026-09-30",
        days=61,
        branches=[Branch("template/v1.2.0", "ready")],
    ),
    State(
        "frontend",
        "",
        "v1.2.0",
        [],
        chassis="1.2.0",
        kind="frontend",
        team="Thoughts",
        drift={},
        vulnerable=["werkzeug 3.1.3: GHSA-hgf8-39gv-g3f2"],
        updated="2026-11-28",
        days=2,
    ),
]
"""Made-up services. What shows them is the page that `fleet.status --html` writes."""


@task
def screenshots(context: Context) -> None:
    """Take the pictures in docs/images/ again, of the examples as they run."""
    install_tools()
    # Only now: what drives the browser is among the tools.
    from .checks.browser import chromium

    with _system() as system, chromium() as browser:
        _write(system)
        _take_pages(browser, system)
        with _opened(browser, f"{system.thoughts.address}/") as page:
            page.locator(".opblock").first.wait_for()
            _keep(page, "api.png")
        _take_fleet(browser)
    pictures.record(ROOT)
    print("\n".join(pictures.faults(ROOT)) or f"Taken. Look at the pictures in {pictures.FOLDER}.")


@contextmanager
def _system() -> Iterator[System]:
    """Run the examples, with a few users."""
    folders = {name: render_anew(CACHE, example(name)) for name in NAMES}
    for folder in folders.values():
        ServiceFolder(folder).install()
    with tempfile.TemporaryDirectory(prefix="screenshots-") as private:
        system = System(folders, Path(private))
        try:
            system.start()
            yield system
        finally:
            system.stop()


def _write(system: System) -> None:
    """Have people write, over a few days. The clock of nobody else can be turned: the rows are."""
    import psycopg2  # type: ignore[import-untyped]  # it has no types

    logins = {name: Login(name, secrets.token_urlsafe(12)) for name in PEOPLE}
    logins[system.person.username] = system.person
    for login in logins.values():
        if login is not system.person:
            system.create_user(login)
    tokens = {name: system.authorization(login) for name, login in logins.items()}
    for name, text in TEXTS:
        answer = requests.post(
            f"{system.thoughts.address}/api/me/thoughts/",
            json={"text": text},
            headers=tokens[name],
            timeout=TIMEOUT_SECONDS,
        )
        answer.raise_for_status()
    connection = psycopg2.connect(system.database.url("thoughts_backend"))
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "UPDATE thoughts SET timestamp = now() - interval '4 minutes'"
            " - interval '7 hours' * ((SELECT max(id) FROM thoughts) - id)"
        )
    connection.close()


def _take_pages(browser: "Browser", system: System) -> None:
    site = system.frontend.address
    looks: Sequence[tuple[str, tuple[int, int], Literal["light", "dark"]]] = (
        ("newest-light.png", DESK, "light"),
        ("newest-dark.png", DESK, "dark"),
        ("newest-phone.png", PHONE, "light"),
    )
    for name, size, scheme in looks:
        with _opened(browser, f"{site}/login/", size, scheme) as page:
            _sign_in(page, system.person)
            _keep(page, name)
    with _opened(browser, f"{site}/search?search=tea") as page:
        _keep(page, "search.png")
    with _opened(browser, f"{site}/login/?next=/thoughts/") as page:
        _sign_in(page, system.person)
        page.get_by_role("link", name="Edit").first.click()
        other = page.context.new_page()
        other.goto(page.url)
        other.get_by_label("Your text").fill("Tea with Charles and Mary. We speak of wheels.")
        other.get_by_role("button", name="Save").click()
        page.get_by_label("Your text").fill("Tea with Charles. We speak of barrels.")
        page.get_by_role("button", name="Save").click()
        page.get_by_role("alert").wait_for()
        _keep(page, "conflict.png")


def _take_fleet(browser: "Browser") -> None:
    CACHE.mkdir(parents=True, exist_ok=True)
    file = CACHE / "fleet.html"
    file.write_text(fleet_page.of(FLEET, counts(FLEET), TAGS), "utf-8")
    schemes: Sequence[Literal["light", "dark"]] = ("light", "dark")
    for scheme in schemes:
        with _opened(browser, file.as_uri(), TABLE, scheme) as page:
            _keep(page, f"fleet-{scheme}.png")


@contextmanager
def _opened(
    browser: "Browser",
    address: str,
    size: tuple[int, int] = DESK,
    scheme: Literal["light", "dark"] = "light",
) -> Iterator["Page"]:
    """Open an address in a browser of its own."""
    viewport = {"width": size[0], "height": size[1]}
    with browser.new_context(viewport=viewport, color_scheme=scheme) as context:  # type: ignore[arg-type]  # a mapping of the same keys
        page = context.new_page()
        page.goto(address)
        yield page


def _sign_in(page: "Page", login: Login) -> None:
    page.get_by_label("Username").fill(login.username)
    page.get_by_label("Password", exact=True).fill(login.password)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Sign out").wait_for()


def _keep(page: "Page", name: str) -> None:
    """Take a picture of what a person sees without scrolling."""
    folder = ROOT / pictures.FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / name, animations="disabled", caret="hide")
