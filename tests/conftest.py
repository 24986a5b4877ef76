"""What the tests share."""

import signal
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tasks.checks.browser import chromium
from tasks.render import example
from tests.services import EXTRAS, InstalledService, install

# A shell that runs the tests in the background, or nohup, has these ignored, and every program that
# a test starts would ignore them too: tests interrupt programs.
signal.signal(signal.SIGINT, signal.default_int_handler)
for number in (signal.SIGHUP, signal.SIGQUIT):
    signal.signal(number, signal.SIG_DFL)

pytest_plugins = ["tests.no_skips", "tests.longest_first"]

EXAMPLES = {
    "resource": "thoughts-backend",
    "issuer": "users-backend",
    "frontend": "frontend",
}


@pytest.fixture(scope="session")
def rendered_service() -> InstalledService:
    """The example of a resource, installed."""
    return install(example(EXAMPLES["resource"]), extras=EXTRAS)


@pytest.fixture(params=EXAMPLES, scope="session")
def service_of_each_kind(request: pytest.FixtureRequest) -> InstalledService:
    """The example of each kind, installed."""
    return install(example(EXAMPLES[request.param]), extras=EXTRAS)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium. A missing Chromium is an error: these tests prove the pages."""
    with chromium() as started:
        yield started
