"""Swagger UI in a browser: directly, and behind an nginx that serves it under a path prefix.

That nginx names the prefix, or does not.
"""

from collections.abc import Iterator

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from tasks.running_service import RunningService
from tests.full.proxies import nginx
from tests.running import running_service
from tests.services import InstalledService

PREFIX = "/our/thoughts"


@pytest.fixture(scope="module")
def running(
    rendered_service: InstalledService, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningService]:
    """A resource under uWSGI, with a PostgreSQL of its own, that trusts a proxy."""
    folder, trust = tmp_path_factory.mktemp("running"), {"http.trusted_proxies": "1"}
    with running_service(rendered_service, folder, trust) as service:
        yield service


@pytest.fixture(scope="module")
def prefixed(running: RunningService, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an nginx that takes a prefix away."""
    folder = tmp_path_factory.mktemp("proxies") / "nginx"
    with nginx(folder, running.port, prefix=PREFIX) as proxy:
        yield f"http://127.0.0.1:{proxy.port}{PREFIX}"


@pytest.fixture(scope="module")
def told(running: RunningService, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an nginx that takes a prefix away and says so."""
    folder = tmp_path_factory.mktemp("proxies") / "nginx"
    with nginx(folder, running.port, prefix=PREFIX, tells_prefix=True) as proxy:
        yield f"http://127.0.0.1:{proxy.port}{PREFIX}"


@pytest.fixture
def complaints() -> list[str]:
    """What the browser says is wrong: errors of scripts, refused files, the security policy."""
    return []


@pytest.fixture
def page(browser: Browser, complaints: list[str]) -> Iterator[Page]:
    """A page of somebody who has not been here."""
    with browser.new_context() as context:
        opened = context.new_page()
        opened.on("console", lambda said: complaints.append(said.text))
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        opened.on("requestfailed", lambda asked: complaints.append(asked.url))
        opened.on(
            "response",
            lambda got: complaints.append(f"{got.status} {got.url}") if got.status >= 400 else None,
        )
        yield opened


@pytest.fixture(params=["running", "prefixed", "told"])
def address(request: pytest.FixtureRequest) -> str:
    """Where the page is."""
    found: RunningService | str = request.getfixturevalue(request.param)
    return found if isinstance(found, str) else found.address


def test_it_shows_all_operations_and_the_browser_complains_of_nothing(
    page: Page, complaints: list[str], address: str
) -> None:
    document = requests.get(f"{address}/openapi.json", timeout=10).json()
    page.goto(f"{address}/")
    shown = page.locator(".opblock-summary")
    wanted = sum(len(operations) for operations in document["paths"].values())
    expect(shown).to_have_count(wanted)
    summaries = {
        operation["summary"] for one in document["paths"].values() for operation in one.values()
    }
    assert set(page.locator(".opblock-summary-description").all_inner_texts()) == summaries
    expect(page).to_have_title(document["info"]["title"])
    assert complaints == []


def test_a_request_goes_to_where_the_page_is(
    page: Page, complaints: list[str], address: str
) -> None:
    page.goto(f"{address}/")
    listed = page.locator(".opblock-get", has=page.get_by_text("List all thoughts"))
    listed.locator(".opblock-summary-control").click()
    listed.get_by_role("button", name="Try it out").click()
    with page.expect_response(lambda got: "/api/thoughts/" in got.url) as answered:
        listed.get_by_role("button", name="Execute").click()
    assert answered.value.url.startswith(f"{address}/api/thoughts/")
    assert answered.value.status == 200
    assert complaints == []


def test_a_complaint_of_the_browser_is_seen(
    page: Page, complaints: list[str], address: str
) -> None:
    page.goto(f"{address}/")
    page.evaluate(
        "document.head.append(Object.assign(document.createElement('script'), {src: '/x'}))"
    )
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">x</p>')")
    page.wait_for_timeout(200)
    assert [said for said in complaints if "Content Security Policy" in said]
