"""The page about a fleet, in a browser: on a desk and on a phone, in light and dark."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, ViewportSize

from tasks.fleet import page
from tasks.fleet.repositories import Branch
from tasks.fleet.state import State
from tasks.fleet.status import counts, table
from tasks.folders import ROOT

TAGS = ["v1.0.0", "v1.1.0", "v1.2.0"]

STATES = [
    State("bad", "/bad", team="B", fault=".cruft.json cannot be read: restore it"),
    State(
        "weak",
        "/weak",
        "v1.2.0",
        [],
        chassis="0.1.0",
        kind="issuer",
        team="B",
        drift={},
        updated="2026-11-29",
        days=1,
        vulnerable=["flask 3: PLANTED-1"],
    ),
    State(
        "old",
        "/old",
        "v1.0.0",
        ["v1.1.0", "v1.2.0"],
        chassis="0.0.8",
        foreign=["flask-chassis 0.0.8 from path ../chassis"],
        kind="resource",
        team="A & <b>",
        left_out={"CODEOWNERS": "v1.0.0"},
        drift={"CODEOWNERS": "deleted", "infra/uwsgi.yaml": "edited"},
        updated="2025-11-30",
        days=365,
        actions=["Files. Action needed: read about <contracts>."],
        branches=[
            Branch("template/v1.2.0", "with conflicts", "https://github.com/acme/old/compare/x"),
            Branch("chassis/v1.2.0", "ready"),
        ],
        repository="https://github.com/acme/old",
        news="https://github.com/acme/template/compare/v1.0.0...v1.2.0",
    ),
    State("new", "/new", "v1.2.0", [], chassis="0.1.0", kind="frontend", team="A & <b>", drift={}),
]

WIDTHS: dict[str, ViewportSize] = {
    "desk": {"width": 1280, "height": 800},
    "phone": {"width": 390, "height": 844},
}


@contextmanager
def shown(
    browser: Browser, folder: Path, width: str, scheme: Literal["light", "dark"] = "light"
) -> Iterator[Page]:
    """Open the page, which asks nobody for anything."""
    file = folder / "page.html"
    file.write_text(page.of(STATES, counts(STATES), TAGS), "utf-8")
    with browser.new_context(color_scheme=scheme, viewport=WIDTHS[width]) as context:
        context.set_default_timeout(10_000)
        opened = context.new_page()
        asked: list[str] = []
        opened.on("request", lambda request: asked.append(request.url))
        opened.goto(f"file://{file}")
        assert asked == [f"file://{file}"]
        yield opened


def names(opened: Page) -> list[str]:
    """Return the services that are shown, in their order."""
    return opened.locator("tbody tr:visible .name").all_inner_texts()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_it_fits_and_is_free_of_what_axe_finds(
    tmp_path: Path, browser: Browser, width: str, scheme: Literal["light", "dark"]
) -> None:
    with shown(browser, tmp_path, width, scheme) as opened:
        assert names(opened) == [each.name for each in STATES]
        assert opened.locator("tbody").get_by_text("A & <b>").first.is_visible()
        for details in opened.locator("details").all():
            details.evaluate("each => each.open = true")
        assert opened.get_by_text("read about <contracts>").is_visible()
        assert opened.evaluate("document.documentElement.scrollWidth") <= WIDTHS[width]["width"]
        found = Axe().run(opened)
        assert found.violations_count == 0, found.generate_report()
        pictures = ROOT / ".cache" / "screenshots"
        pictures.mkdir(parents=True, exist_ok=True)
        opened.screenshot(path=pictures / f"fleet-{width}-{scheme}.png", full_page=True)


CHOICES: tuple[tuple[dict[str, str], list[str]], ...] = (
    ({"Search": "planted"}, ["weak"]),
    ({"Search": "uwsgi.yaml"}, ["old"]),
    ({"Team": "B"}, ["bad", "weak"]),
    ({"Team": "B", "State": "newest"}, ["weak"]),
    ({"Lacks release": "v1.2.0"}, ["old"]),
    ({"Chassis": "0.1.0"}, ["weak", "new"]),
    ({"State": "unreadable or not updatable"}, ["bad"]),
    ({"State": "behind"}, ["old"]),
    ({"State": "edited files"}, ["old"]),
    ({"State": "other chassis"}, ["old"]),
    ({"State": "action needed"}, ["old"]),
    ({"State": "prepared update"}, ["old"]),
    ({"State": "prepared update with conflicts"}, ["old"]),
    ({"State": "changes left out"}, ["old"]),
    ({"Lacks release": "v1.1.0"}, ["old"]),
    ({"State": "vulnerable"}, ["weak"]),
    ({"State": "vulnerable", "Team": "A & <b>"}, []),
    ({}, ["bad", "weak", "old", "new"]),
)


def test_filters_go_together(tmp_path: Path, browser: Browser) -> None:
    with shown(browser, tmp_path, "desk") as opened:
        for chosen, expected in CHOICES:
            for label in ("Search", "Team", "State", "Lacks release", "Chassis"):
                field, value = opened.get_by_label(label, exact=True), chosen.get(label, "")
                field.fill(value) if label == "Search" else field.select_option(value)
            assert names(opened) == expected, chosen
            status = opened.get_by_role("status").inner_text()
            assert status.startswith(f"{len(expected)} of 4 "), chosen


def test_it_is_put_in_order_by_any_column_and_leads_to_repositories(
    tmp_path: Path, browser: Browser
) -> None:
    with shown(browser, tmp_path, "desk") as opened:
        opened.get_by_role("button", name="Service").click()
        assert names(opened) == ["bad", "new", "old", "weak"]
        opened.get_by_role("button", name="Template").click()
        opened.get_by_role("button", name="Template").click()
        assert names(opened)[0] == "old"
        assert opened.locator("[aria-sort]").all_inner_texts() == ["Template"]
        links = {
            each.inner_text(): each.get_attribute("href")
            for each in opened.locator("tbody a").all()
        }
        assert links == {
            "old": "https://github.com/acme/old",
            "2 behind": "https://github.com/acme/template/compare/v1.0.0...v1.2.0",
            "template/v1.2.0": "https://github.com/acme/old/compare/x",
        }


def test_page_and_table_say_the_same(tmp_path: Path, browser: Browser) -> None:
    with shown(browser, tmp_path, "desk") as opened:
        pairs = zip(
            opened.locator(".counts dd").all_inner_texts(),
            opened.locator(".counts dt").all_inner_texts(),
            strict=True,
        )
        counted = ", ".join(" ".join(pair) for pair in pairs)
    assert f"\n{counted}.\n" in table(STATES)
    assert re.search(r"^bad +\? +\? ", table(STATES), re.M)
    assert counted.startswith(
        "4 services, 2 at the newest release, 1 behind, 1 without changes of "
    )
    assert ", 1 unreadable or not updatable, " in counted
