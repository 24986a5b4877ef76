"""SIGTERM: a rolling restart loses no request, and what is being answered is answered."""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
import requests

from tests.docker.engine import docker, until
from tests.docker.load import Load
from tests.docker.proxy import Proxy
from tests.docker.stack import TIMEOUT_SECONDS, Service, Stack

PRE_STOP_SECONDS = 5
"""How long the manifests let a pod serve on before SIGTERM: until nobody sends it anything."""

TOLD_AFTER_SECONDS = 2
"""When the last proxy has heard that a pod ends."""

GRACE_SECONDS = 60


@pytest.fixture
def replicas(stack: Stack) -> Iterator[dict[str, Service]]:
    """Two replicas of the service; the block of a test may put others in their places."""
    with ExitStack() as started:
        yield {name: started.enter_context(Service(stack)).until_ready() for name in ("one", "two")}


def load_on(proxy: Proxy, stack: Stack) -> Load:
    """Return callers that write, and read what they have written."""
    headers = stack.bearer()
    path = f"{proxy.address}/api/me/thoughts/"
    turn = iter(range(10**9))

    def call(session: requests.Session) -> requests.Response:
        if next(turn) % 2:
            return session.get(path, headers=headers, timeout=TIMEOUT_SECONDS)
        return session.post(path, {"text": "x"}, headers=headers, timeout=TIMEOUT_SECONDS)

    return Load(call)


def test_a_rolling_restart_under_load_loses_no_request(
    stack: Stack, replicas: dict[str, Service]
) -> None:
    proxy = Proxy(replicas)
    with ExitStack() as others, proxy.run(), load_on(proxy, stack) as load:
        time.sleep(1)
        for name, replica in replicas.items():
            # As in Kubernetes, where the end of a pod and the news of it start at the same time.
            time.sleep(TOLD_AFTER_SECONDS)
            proxy.send_to(name, "drain")
            time.sleep(PRE_STOP_SECONDS - TOLD_AFTER_SECONDS)
            docker("stop", f"--time={GRACE_SECONDS}", replica.id)
            assert replica.state["ExitCode"] == 0
            others.enter_context(Service(stack, port=replica.port)).until_ready()
            proxy.send_to(name, "ready")
        time.sleep(1)
    assert load.failed == 0, (load.statuses, load.faults[:5])
    assert load.statuses[200] > 100
    assert load.statuses[201] > 100
    written = int(stack.sql("SELECT count(*) FROM thoughts"))
    assert written >= load.statuses[201]


def test_without_the_delay_requests_are_lost(stack: Stack, replicas: dict[str, Service]) -> None:
    """What the one above would see, if the service or the delay did not do their part."""
    proxy = Proxy(replicas)
    with proxy.run(), load_on(proxy, stack) as load:
        time.sleep(1)
        docker("stop", f"--time={GRACE_SECONDS}", replicas["one"].id)
        time.sleep(1)
    assert load.failed > 0


def test_a_request_that_is_being_answered_is_answered(stack: Stack) -> None:
    answers: list[requests.Response] = []
    with Service(stack) as service:
        service.until_ready()
        url, headers = f"{service.address}/api/me/thoughts/", stack.bearer()

        def ask() -> None:
            answers.append(requests.get(url, headers=headers, timeout=TIMEOUT_SECONDS))

        # While the table is locked, a request for it waits.
        lock = "BEGIN; LOCK thoughts; SELECT pg_sleep(6)"
        locking = threading.Thread(target=stack.sql, args=[lock])
        locking.start()
        until(lambda: locks(stack, "mode = 'AccessExclusiveLock' AND granted"), "locked")
        asking = threading.Thread(target=ask)
        asking.start()
        until(lambda: locks(stack, "NOT granted"), "waiting for the lock")
        started = time.monotonic()
        service.kill("TERM")
        assert service.wait() == 0
        assert time.monotonic() - started > 2, "the request did not have to be waited for"
        asking.join()
        locking.join()
    assert [answer.status_code for answer in answers] == [200]


def locks(stack: Stack, which: str) -> int:
    of_thoughts = "relation = 'thoughts'::regclass"
    return int(stack.sql(f"SELECT count(*) FROM pg_locks WHERE {of_thoughts} AND {which}"))
