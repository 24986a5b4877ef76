"""The whole run: all servers side by side, then the rendered service under all sorts of strain."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import (
    growth,
    growth_report,
    interpreter,
    life,
    load,
    modes,
    overload,
    pages,
    parts,
    report,
    sidebyside,
    starvation,
)
from benchmarks.circumstances import RESULTS
from benchmarks.rounds import ROUNDS
from benchmarks.sidebyside import Effort, say
from benchmarks.tables import Table
from benchmarks.work import BARRED
from tasks.folders import ROOT
from tasks.render import example, render_anew
from tasks.service_folder import ServiceFolder

KEPT = ROOT / ".cache" / "bench"

FEW_ROWS = (
    Effort(connections=(8,)),
    Effort(connections=(64,), work=BARRED),
)
DIRECT = (Effort(connections=(8,), work=BARRED, is_direct=True),)
MANY_ROWS = (Effort(connections=(8,), work=("list", "own list")),)

REQUESTS_FOR_MEMORY = 100_000

PARTS_TIMES = 3
"""So many times the rounds for the parts: each costs little, beside the noise."""


def run(rounds: int = ROUNDS) -> Path:
    """Measure everything, write the results, and return the file to read."""
    load.check_wrk()
    results = RESULTS if rounds >= ROUNDS else KEPT / "results"
    if not interpreter.is_default():
        results /= f"python-{interpreter.minor()}"
    kept = KEPT / interpreter.minor()
    folder = render_anew(kept, example("thoughts-backend"))
    frontend = render_anew(kept, example("frontend"))
    ServiceFolder(frontend).install(extras="gevent")
    with growth.started(folder) as tables, TemporaryDirectory(prefix="bench-") as private:
        series = measure_servers(tables.small, FEW_ROWS, rounds)
        direct = measure_servers(tables.small, DIRECT, rounds)
        series += measure_servers(tables.large, MANY_ROWS, rounds)
        series += measure_pages(tables.small, frontend, Path(private), rounds)
        strains = measure_strains(tables.small, rounds)
        say("growth")
        grown = tables.measure(most_rounds=None if rounds >= ROUNDS else rounds)
        growth_report.write(grown, tables.large, results)
        say("both modes of uWSGI")
        strains["modes"] = modes.as_json(
            frontend, Path(private) / "modes", rounds=min(rounds, 3), seconds=3
        )
        strains["growth"] = [one.as_json() for one in grown]
        return report.write({"series": series, "direct": direct, **strains}, tables.small, results)


def measure_servers(table: Table, efforts: tuple[Effort, ...], rounds: int) -> list[dict[str, Any]]:
    """Measure all servers on a table."""
    with sidebyside.started(table) as servers:
        return [
            series.as_json() for effort in efforts for series in servers.measure(effort, rounds)
        ]


def measure_pages(table: Table, frontend: Path, private: Path, rounds: int) -> list[dict[str, Any]]:
    """Measure a page, made of the list that the service of a table gives."""
    say("page")
    backend = f"http://127.0.0.1:{table.service.port}"
    return pages.as_json(frontend, private, backend, rows=table.rows, rounds=rounds)


def measure_strains(table: Table, rounds: int) -> dict[str, Any]:
    """Measure what becomes of the rendered service under all sorts of strain."""
    service = table.service
    work = sidebyside.work_on(table)
    listing = work[0]
    say("parts")
    found: dict[str, Any] = {"parts": parts.as_json(service, listing, PARTS_TIMES * rounds)}
    say("idle connections")
    found["starvation"] = starvation.measure(service.port).as_json()
    say("overload")
    found["overload"] = overload.measure(service.port, listing.request, 2, rounds).as_json()
    say("memory")
    requests = REQUESTS_FOR_MEMORY * min(rounds, ROUNDS) // ROUNDS
    found["memory"] = life.memory(service, listing.request, requests).as_json()
    say("start")
    found["start"] = life.start_seconds(service)
    return found
