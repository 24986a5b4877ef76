"""What the tests share."""

import pytest

from tasks.render import example
from tests.services import InstalledService, install


@pytest.fixture(scope="session")
def rendered_service() -> InstalledService:
    """The example service, installed."""
    return install(example("thoughts-backend"), extras="gevent")
