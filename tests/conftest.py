"""What the tests share."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tasks.checks.browser import chromium
from tasks.render import example
from tests.services import InstalledService, install

pytest_plugins = ["tests.no_skips", "tests.longest_first"]

EXAMPLES = {
    "resource": "thoughts-backend",
    "issuer": "users-backend",
    "frontend": "frontend",
}


@pytest.fixture(scope="session")
def rendered_service() -> InstalledService:
    """The example of a resource, installed."""
    return install(example(EXAMPLES["resource"]), extras="gevent")


@pytest.fixture(params=EXAMPLES, scope="session")
def service_of_each_kind(request: pytest.FixtureRequest) -> InstalledService:
    """The example of each kind, installed."""
    return install(example(EXAMPLES[request.param]), extras="gevent")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium. A missing Chromium is an error: these tests prove the pages."""
    with chromium() as started:
        yield started
