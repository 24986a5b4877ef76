"""The example service, running as in production, for the tests that call it."""

from collections.abc import Iterator

import pytest

from tasks.checks.caller import Caller
from tasks.running_service import RunningService
from tests.full.uwsgi_process import Uwsgi, started
from tests.running import running_service
from tests.services import InstalledService


@pytest.fixture(scope="module")
def running(
    rendered_service: InstalledService, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningService]:
    """The example service under uWSGI, with a PostgreSQL of its own."""
    with running_service(rendered_service, tmp_path_factory.mktemp("running")) as service:
        yield service


@pytest.fixture(scope="module")
def call(running: RunningService) -> Caller[RunningService]:
    """A caller of that service: `call("GET", path, 200)` checks the status."""
    return Caller(running)


@pytest.fixture(scope="module")
def served(
    rendered_service: InstalledService, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Uwsgi]:
    """An application of the tests under the service's uWSGI, which the tests leave as it is."""
    with started(rendered_service, tmp_path_factory.mktemp("served")) as uwsgi:
        yield uwsgi
