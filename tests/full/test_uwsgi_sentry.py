"""A service under uWSGI reports its errors to Sentry, with threads and with greenlets."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from importlib.util import module_from_spec, spec_from_file_location
from typing import Any

import psycopg2  # type: ignore[import-untyped]
import pytest
import requests

from tasks.folders import ROOT
from tasks.running_service import VERSION, RunningService
from tests.services import InstalledService
from tests.waiting import eventually


def receiver() -> Any:
    """Return the receiver that the tests of the chassis have, as a context manager."""
    spec = spec_from_file_location("sentry_server", ROOT / "chassis/tests/sentry_server.py")
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.receiver()


@pytest.fixture(params=["threads", "gevent"])
def broken(
    request: pytest.FixtureRequest,
    rendered_service: InstalledService,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[RunningService, Any]]:
    """A service that reports its errors, and whose table is gone; and what receives them."""
    with ExitStack() as stack:
        server = stack.enter_context(receiver())
        folder = tmp_path_factory.mktemp("running")
        service = RunningService(rendered_service.path, folder, supplied={"sentry.dsn": server.dsn})
        stack.callback(service.stop)
        service.server.start()
        service.prepare()
        ports = ["--port", str(service.port), "--metrics-port", str(service.metrics_port)]
        [tasks] = rendered_service.bin.glob("*-tasks")
        mode = ["--gevent"] if request.param == "gevent" else []
        service.begin_as([str(tasks), "run", *mode, *ports])
        service.wait_until_ready()
        with closing(psycopg2.connect(service.database)) as connection:
            connection.autocommit = True
            connection.cursor().execute(f"DROP TABLE {service.resources} CASCADE")
        yield service, server


def ask(service: RunningService, identifier: str) -> int:
    """Ask for the list, and return the status."""
    headers = {"X-Request-ID": identifier}
    address = f"{service.address}/api/{service.resources}/"
    return requests.get(address, headers=headers, timeout=30).status_code


def test_errors_are_reported_while_it_runs_and_when_it_ends(
    broken: tuple[RunningService, Any],
) -> None:
    service, server = broken
    # More than one worker takes.
    wanted = {f"order-{number}" for number in range(20)}
    assert {ask(service, identifier) for identifier in wanted} == {500}
    eventually(lambda: len(server.events) == len(wanted))
    assert {event["tags"]["request_id"] for event in server.events} == wanted
    for event in server.events:
        assert event["tags"]["route"] == f"/api/{service.resources}/"
        assert event["environment"] == "production.kubernetes"
        assert event["release"].endswith(f"@{VERSION}")
        assert event["exception"]["values"][-1]["type"] == "ProgrammingError"

    # The last ones are sent although the service ends.
    server.answers.clear()
    assert ask(service, "the-last") == 500
    assert len(server.events) == len(wanted)
    server.answers.set()
    assert service.end() == 0
    assert [event["tags"]["request_id"] for event in server.events[len(wanted) :]] == ["the-last"]
