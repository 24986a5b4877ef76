"""The whole run: all servers side by side, then the rendered service under all sorts of strain."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import (
    growth,
    growth_report,
    life,
    load,
    modes,
    overload,
    parts,
    report,
    sidebyside,
    starvation,
)
from benchmarks.sidebyside import Effort, say
from benchmarks.tables import Table
from tasks.folders import ROOT
from tasks.render import example, render_anew
from tasks.running_service import RunningService
from tasks.service_folder import ServiceFolder

KEPT = ROOT / ".cache" / "bench"

FEW_ROWS = (
    Effort(rounds=5, seconds=1, connections=(8,)),
    Effort(rounds=5, seconds=1, connections=(64,), work=("list", "own list", "insert")),
)
MANY_ROWS = (Effort(rounds=5, seconds=1, connections=(8,), work=("list", "own list")),)

REQUESTS_FOR_MEMORY = 100_000


def run() -> Path:
    """Measure everything, write the results, and return the file to read."""
    load.check_wrk()
    folder = render_anew(KEPT, example("thoughts-backend"))
    pages = render_anew(KEPT, example("frontend"))
    ServiceFolder(pages).install(extras="gevent")
    with growth.started(folder) as tables, TemporaryDirectory(prefix="bench-") as private:
        series = measure_servers(tables.small, FEW_ROWS) + measure_servers(tables.large, MANY_ROWS)
        strains = measure_strains(tables.small)
        say("growth")
        grown = tables.measure()
        growth_report.write(grown, tables.large)
        more = measure_pages(tables.small.service, pages, Path(private))
        return report.write({"series": series, **strains, **more}, tables.small)


def measure_servers(table: Table, efforts: tuple[Effort, ...]) -> list[dict[str, Any]]:
    """Measure all servers on a table."""
    with sidebyside.started(table) as servers:
        return [series.as_json() for effort in efforts for series in servers.measure(effort)]


def measure_strains(table: Table) -> dict[str, Any]:
    """Measure what becomes of the rendered service under all sorts of strain."""
    service = table.service
    work = sidebyside.work_on(table)
    listing = work[0]
    say("parts")
    found: dict[str, Any] = {"parts": parts.as_json(service, listing, rounds=5, seconds=1)}
    say("idle connections")
    found["starvation"] = starvation.measure(service.port).as_json()
    say("overload")
    found["overload"] = overload.measure(service.port, listing.request, seconds=3).as_json()
    say("memory")
    requests = REQUESTS_FOR_MEMORY
    found["memory"] = life.memory(service, listing.request, requests).as_json()
    say("start")
    found["start"] = life.start_seconds(service)
    return found


def measure_pages(backend: RunningService, pages: Path, private: Path) -> dict[str, Any]:
    """Measure the frontend: a page, and both modes of uWSGI with a slow service behind it."""
    say("frontend")
    address = f"http://127.0.0.1:{backend.port}"
    return {
        "page": modes.page_as_json(pages, private / "page", address, rounds=5, seconds=1),
        "modes": modes.as_json(pages, private / "modes", rounds=3, seconds=3),
    }
