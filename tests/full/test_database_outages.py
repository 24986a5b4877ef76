"""A service under uWSGI whose database fails: directly, behind PgBouncer, and with gevent."""

import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest
import requests

from tasks.checks.caller import Caller
from tasks.running_service import RunningService
from tests.full.outages import HAProxy, standby, suspended
from tests.full.pgbouncer import pgbouncer, variables_of_pods
from tests.full.test_uwsgi_workers import skip_without_gevent
from tests.services import InstalledService
from tests.waiting import eventually

Call = Caller[RunningService]

TIMEOUTS = {"connect_timeout_seconds": "2", "statement_timeout_seconds": "4"}

OF_PGBOUNCER = {
    "query_wait_timeout = 3": "query_wait_timeout = 2",
    "server_connect_timeout = 3": "server_connect_timeout = 2",
    "query_timeout = 16": "query_timeout = 5",
    "SET statement_timeout = 15000": "SET statement_timeout = 4000",
}
"""What the task cluster.pgbouncer would write for these."""

BOUND_SECONDS = 6
"""Of a statement that is being executed: both time-outs together."""

NOISE_SECONDS = 8
"""How much later than promised a busy machine may be."""

TEXTS = (f"Written {number}." for number in count())


class Outage:
    """A service, and what its database does."""

    def __init__(self, service: RunningService, proxy: HAProxy) -> None:
        """`proxy` is between the two."""
        self.service = service
        self.proxy = proxy
        self.call = Caller(service)

    def write(self) -> requests.Response:
        """Write, and wait for as long as no proxy would."""
        url = f"{self.service.address}{self.call.own}"
        return requests.post(url, json={"text": next(TEXTS)}, headers=self.call.ada, timeout=60)

    def writes(self, number: int = 8) -> list[requests.Response]:
        """Write several times at once."""
        with ThreadPoolExecutor(number) as threads:
            return list(threads.map(lambda _: self.write(), range(number)))

    def status(self, path: str) -> int:
        """Return the status of a path."""
        return requests.get(f"{self.service.address}{path}", timeout=60).status_code


@pytest.fixture(scope="module", params=["direct", "pgbouncer", "gevent"])
def outage(
    request: pytest.FixtureRequest,
    rendered_service: InstalledService,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Outage]:
    """The example service, whose database has a standby and is behind HAProxy."""
    if request.param == "gevent":
        skip_without_gevent(rendered_service)
    service = RunningService(rendered_service.path, tmp_path_factory.mktemp("running"))
    service.supplied |= {f"database.{name}": value for name, value in TIMEOUTS.items()}
    with ExitStack() as stack:
        stack.callback(service.stop)
        service.server.start()
        service.prepare()
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="outage-")))
        folder.chmod(0o755)
        port = stack.enter_context(standby(service.database, folder / "standby"))
        proxy = HAProxy(folder, service.server.port, port)
        stack.callback(proxy.stop)
        behind = proxy.port
        if request.param == "pgbouncer":
            variables = variables_of_pods(service, proxy.port)
            behind = stack.enter_context(pgbouncer(service.folder, variables, OF_PGBOUNCER))
        service.supplied["database.port"] = str(behind)
        if request.param == "gevent":
            ports = ["--port", str(service.port), "--metrics-port", str(service.metrics_port)]
            [tasks] = rendered_service.bin.glob("*-tasks")
            service.begin_as([str(tasks), "run", "--gevent", *ports])
            service.wait_until_ready()
        else:
            service.serve()
        stack.callback(service.end)
        yield Outage(service, proxy)


def assert_unavailable(responses: list[requests.Response]) -> None:
    """Assert that callers are told to come again."""
    assert Counter(each.status_code for each in responses) == {503: len(responses)}
    assert all(int(each.headers["Retry-After"]) > 0 for each in responses)


def assert_no_worker_was_killed(outage: Outage) -> None:
    """Assert that neither the watchdog nor harakiri has ended a worker."""
    logged = outage.service.logged()
    assert "killing its worker" not in logged
    assert "DAMN ! worker" not in logged  # what uWSGI says of any worker that was killed


def test_an_address_that_leads_to_the_standby_for_a_while(outage: Outage) -> None:
    assert {each.status_code for each in outage.writes()} == {201}
    outage.proxy.lead_to_standby()
    assert_unavailable(outage.writes() + outage.writes())
    assert outage.status("/health/ready") == 503
    assert outage.status("/health/live") == 200

    outage.proxy.lead_to_primary()
    eventually(lambda: outage.status("/health/ready") == 200)
    eventually(lambda: {each.status_code for each in outage.writes()} == {201})
    assert {each.status_code for each in outage.writes(32)} == {201}
    assert_no_worker_was_killed(outage)


def test_a_server_that_hangs(outage: Outage) -> None:
    eventually(lambda: {each.status_code for each in outage.writes()} == {201})
    with suspended(outage.service.database):
        started = time.monotonic()
        assert_unavailable(outage.writes())
        assert time.monotonic() - started < BOUND_SECONDS + NOISE_SECONDS
        started = time.monotonic()
        assert outage.status("/health/ready") == 503
        assert time.monotonic() - started < BOUND_SECONDS + NOISE_SECONDS
        assert outage.status("/health/live") == 200
        assert_unavailable([outage.write()])
    eventually(lambda: outage.status("/health/ready") == 200)
    eventually(lambda: {each.status_code for each in outage.writes()} == {201})
    assert {each.status_code for each in outage.writes(32)} == {201}
    assert_no_worker_was_killed(outage)
