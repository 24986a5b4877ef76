"""A database that is killed: what callers see, what probes say, and that nothing is lost."""

from collections.abc import Iterator

import pytest
import requests

from tests.docker.engine import docker, until
from tests.docker.load import Load
from tests.docker.stack import TIMEOUT_SECONDS, Service, Stack


@pytest.fixture(scope="module")
def service(stack: Stack) -> Iterator[Service]:
    with Service(stack) as started:
        yield started.until_ready()


def test_a_killed_database_is_503_and_loses_no_write_that_was_answered(
    stack: Stack, service: Service
) -> None:
    headers = stack.bearer()
    url = f"{service.address}/api/me/thoughts/"
    written: list[int] = []

    def write(session: requests.Session) -> requests.Response:
        answer = session.post(url, {"text": "kept"}, headers=headers, timeout=TIMEOUT_SECONDS)
        assert answer.headers["Content-Type"] == "application/json"
        if answer.status_code == 201:
            written.append(answer.json()["id"])
        return answer

    started_at = service.state["StartedAt"]
    with Load(write) as load:
        until(lambda: load.statuses[201] > 50, "writes")
        stack.database.kill("KILL")
        until(lambda: load.statuses[503] > 20, "writes are refused")
        assert service.status("/health/live") == 200
        assert service.status("/health/ready") == 503
        docker("start", stack.database.id)
        until(lambda: service.status("/health/ready") == 200, "ready again")
        before = load.statuses[201]
        until(lambda: load.statuses[201] > before + 50, "writes again")

    assert set(load.statuses) == {201, 503}, (load.statuses, load.faults[:5])
    assert load.slowest < TIMEOUT_SECONDS
    found = set(stack.sql("SELECT id FROM thoughts").split())
    assert {str(number) for number in written} <= found
    assert len(written) == load.statuses[201]
    assert service.state["StartedAt"] == started_at
    assert service.state["Running"]
    assert service.says("not ready: the health check of database failed")


def test_a_write_that_is_not_there_is_seen(stack: Stack, service: Service) -> None:
    """The count above, where it has something to find."""
    url = f"{service.address}/api/me/thoughts/"
    made = requests.post(url, {"text": "lost"}, headers=stack.bearer(), timeout=TIMEOUT_SECONDS)
    stack.sql(f"DELETE FROM thoughts WHERE id = {made.json()['id']}")
    assert str(made.json()["id"]) not in stack.sql("SELECT id FROM thoughts").split()
