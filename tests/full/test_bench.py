"""What the benchmarks measure, on a service that runs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import commits, life, overload
from benchmarks.load import Request, send
from benchmarks.sidebyside import work_on
from benchmarks.tables import Table
from benchmarks.work import check_alike
from tests.services import InstalledService

SLOWER = """
import time

import orjson

quick = orjson.dumps


def slow(*arguments, **others):
    end = time.thread_time() + 0.002
    while time.thread_time() < end:
        pass
    return quick(*arguments, **others)


orjson.dumps = slow
"""


@pytest.fixture(scope="module")
def table(rendered_service: InstalledService) -> Iterator[Table]:
    """The example service with rows."""
    with commits.serving(rendered_service.path, install=False) as table:
        yield table


def test_a_service_that_got_slower_is_told(
    rendered_service: InstalledService, table: Table, tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text(SLOWER, "utf-8")
    planted = {"PYTHONPATH": str(tmp_path)}
    with commits.serving(rendered_service.path, install=False, variables=planted) as slower:
        [change] = commits.compare(table, slower, rounds=5, names=["list"])
    assert change.verdict == "slower", change


def test_requests_are_sent_and_counted(table: Table) -> None:
    for work in work_on(table):
        found = send(table.service.port, work.request, connections=4, seconds=1)
        assert found.good > 10, work.name
        assert (found.refused, found.failed) == (0, 0), work.name
        assert 0 < found.p50_ms <= found.p99_ms
    missing = send(table.service.port, Request("/nowhere/"), connections=4, seconds=1)
    assert missing.good == 0
    assert missing.failed > 10


def test_an_answer_that_differs_is_told(table: Table) -> None:
    class Other:
        name = "other"
        port = table.service.port

    class Wrong(Other):
        name = "wrong"
        port = table.service.metrics_port

    health = [work for work in work_on(table) if work.name == "/health/live"]
    check_alike([Other(), Other()], health)
    with pytest.raises(ValueError, match=r"JSON|Expecting"):
        check_alike([Other(), Wrong()], health)


def test_an_overload_leaves_goodput(table: Table) -> None:
    [listing, *_] = work_on(table)
    found = overload.measure(table.service.port, listing.request, seconds=1)
    assert found.failed == 0
    assert found.ratio > 0.3


def test_memory_is_measured(table: Table) -> None:
    [listing, *_] = work_on(table)
    found = life.memory(table.service, listing.request, requests=1)
    assert 10 < found.first_mb < 200
