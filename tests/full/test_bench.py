"""What the benchmarks measure, on a service that runs."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from invoke import Exit

from benchmarks import commits, life, overload, pages, parts
from benchmarks.load import Request, send
from benchmarks.servers import Changed
from benchmarks.sidebyside import work_on
from benchmarks.tables import Table
from benchmarks.work import check_alike
from tasks.folders import ROOT
from tasks.ports import free_port
from tasks.render import example
from tests.services import EXTRAS, InstalledService, install

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

PROFILING = ROOT / "docs" / "how-to" / "profile-a-service.md"


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

    lists = [work for work in work_on(table) if work.name == "list"]
    check_alike([Other(), Other()], lists)
    with pytest.raises(ValueError, match=r"JSON|Expecting"):
        check_alike([Other(), Wrong()], lists)


@pytest.fixture(scope="module")
def frontend() -> InstalledService:
    """The example of a frontend, installed."""
    return install(example("frontend"), extras=EXTRAS)


def test_the_page_and_its_limit_are_measured_in_turns(
    frontend: InstalledService, table: Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = f"http://127.0.0.1:{table.service.port}"
    monkeypatch.setattr(pages, "VARIANTS", pages.VARIANTS[:1])
    found = pages.as_json(frontend.path, tmp_path, backend, rows=table.rows, rounds=1)
    assert [each["server"] for each in found] == ["rendered", "page_raw"]
    assert all(each["per_second"] > 10 and not each["failed"] for each in found)


def test_a_variant_that_makes_another_page_is_refused(
    frontend: InstalledService, table: Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = f"http://127.0.0.1:{table.service.port}"
    told = pages.site
    monkeypatch.setattr(pages, "site", lambda service: told(service) | {"SITE_TITLE": "Other"})
    with (
        pytest.raises(Exit, match="page_raw makes another page"),
        pages.started(frontend.path, tmp_path, backend, pages.VARIANTS[:1]),
    ):
        pass


@pytest.mark.parametrize("lacking", [(), parts.PARTS], ids=["whole", "none"])
def test_what_still_has_a_part_or_lacks_another_is_refused(
    table: Table, lacking: tuple[str, ...]
) -> None:
    server = parts.without(table.service, lacking)
    try:
        server.wait()
        parts.check(server)
        for part in parts.PARTS:
            server.name = part
            with pytest.raises(Exit, match="and should have"):
                parts.check(server)
    finally:
        server.stop()


def test_the_page_on_profiling_shows_how_to_explain_a_statement(table: Table) -> None:
    found = re.search(r"python - <<'END'\n(.*?)\nEND\n", PROFILING.read_text("utf-8"), re.DOTALL)
    assert found
    address = table.service.database.replace("postgresql://", "postgresql+psycopg2://")
    code, changed = re.subn(r'"postgresql\S+"', repr(address), found[1])
    assert changed == 1
    service = InstalledService(table.service.folder)
    done = service.run("python", "-", given=code)
    assert done.returncode == 0, done.stderr
    assert "Limit" in done.stdout
    assert "Buffers: shared" in done.stdout


def test_the_page_on_profiling_shows_what_each_thread_does(table: Table) -> None:
    port = free_port()
    [options] = re.findall(r"(--stats=\S+) (--stats-http)", PROFILING.read_text("utf-8"))
    words = [word.replace("9191", str(port)) for word in options]
    server = Changed(table.service, "stats", options=words)
    try:
        server.wait()
        told = requests.get(f"http://127.0.0.1:{port}", timeout=10).json()
        pids = set(server.pids)
    finally:
        server.stop()
    assert told["listen_queue"] >= 0
    assert {worker["status"] for worker in told["workers"]} <= {"idle", "busy"}
    assert {worker["pid"] for worker in told["workers"]} <= pids
    assert [len(worker["cores"]) for worker in told["workers"]] == [8, 8]
    cores = [core["in_request"] for worker in told["workers"] for core in worker["cores"]]
    assert set(cores) <= {0, 1}


def test_an_overload_leaves_goodput(table: Table) -> None:
    [listing, *_] = work_on(table)
    found = overload.measure(table.service.port, listing.request, seconds=1, rounds=1)
    assert found.failed == 0
    assert found.as_json()["ratio"] > 0.3


def test_memory_is_measured(table: Table) -> None:
    [listing, *_] = work_on(table)
    found = life.memory(table.service, listing.request, requests=1)
    assert 10 < found.first_mb < 200
