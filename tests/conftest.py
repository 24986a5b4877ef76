"""What the tests share."""

import pytest

from tasks.render import example
from tests.services import InstalledService, install

pytest_plugins = ["tests.no_skips"]

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
