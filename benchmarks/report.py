"""Writes what was measured side by side into benchmarks/results: JSON, a page to read, a chart."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import chart, ratios, readme, strains
from benchmarks.circumstances import RESULTS, as_line, circumstances
from benchmarks.growth import SMALL
from benchmarks.ratios import BARS, LARGEST_P99, Found
from benchmarks.servers import VARIANTS, Rendered
from benchmarks.tables import Table
from benchmarks.work import BARRED

TITLES = {Rendered.name: Rendered.title} | {each.name: each.title for each in VARIANTS}

CONNECTIONS = 8
"""So many connections the bars are for."""


def write(measured: dict[str, Any], table: Table) -> Path:
    """Write all three files and return the one to read."""
    found = {**circumstances(table), **measured}
    found["ratios"] = beside_all(found["series"])
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "sidebyside.json").write_text(json.dumps(found, indent=2) + "\n", "utf-8")
    (RESULTS / "sidebyside.svg").write_text(as_chart(found["ratios"]), "utf-8")
    readable = RESULTS / "sidebyside.md"
    readable.write_text(as_markdown(found), "utf-8")
    readme.update(readme_lines(found["ratios"]))
    return readable


def readme_lines(found: dict[str, dict[str, float]]) -> list[str]:
    """Return what the README shows: the chart and the table."""
    chart_there = "![Requests a second, as multiples](benchmarks/results/sidebyside.svg)"
    return [chart_there, "", *ratio_table(found)]


def beside_all(series: Sequence[Found]) -> dict[str, dict[str, float]]:
    """Return how many times the requests a second of each other server the service answers."""

    def ratio(work: str, other: str) -> float:
        rendered = ratios.find(series, Rendered.name, work, CONNECTIONS, SMALL)
        return ratios.ratio(rendered, ratios.find(series, other, work, CONNECTIONS, SMALL))

    return {each.name: {work: ratio(work, each.name) for work in BARRED} for each in VARIANTS}


def as_chart(found: dict[str, dict[str, float]]) -> str:
    """Return the chart of the ratios."""
    title = "Requests a second of the rendered service, as multiples of the others'"
    return chart.draw(title, TITLES, found)


def as_markdown(found: dict[str, Any]) -> str:
    """Return the page to read."""
    lines = [
        "# The rendered service beside what else could have been written",
        "",
        as_line(found),
        "",
        "![The ratios as bars](sidebyside.svg)",
        "",
        *ratio_lines(found["ratios"]),
        "",
        *_tails(found["series"]),
        "",
        *_series(found["series"]),
        "",
        *strains.as_lines(found),
    ]
    return "\n".join(lines) + "\n"


def ratio_lines(found: dict[str, dict[str, float]]) -> list[str]:
    """Return the table of ratios with its heading."""
    heading = f"## How many times as many requests a second ({CONNECTIONS} connections)"
    return [heading, "", *ratio_table(found)]


def ratio_table(found: dict[str, dict[str, float]]) -> list[str]:
    """Return the table of ratios; what misses its bar is marked."""
    bars = {bar.beside: bar for bar in BARS}
    lines = [
        f"| beside | {' | '.join(BARRED)} | bar |",
        f"|---|{'--:|' * len(BARRED)}--:|",
    ]
    for server, values in found.items():
        bar = bars.get(server)
        cells = [
            f"{value:.2f}{mark(bar is None or bar.is_met(value))}" for value in values.values()
        ]
        lines.append(f"| {TITLES[server]} | {' | '.join(cells)} | {bar.least if bar else ''} |")
    return lines


def mark(is_met: bool) -> str:
    """Return what is written behind a figure that misses its bar."""
    return "" if is_met else " ✗"


def _tails(series: Sequence[Found]) -> list[str]:
    """Return the slowest hundredth of the rendered service, beside its median."""
    lines = [
        f"The slowest hundredth beside the median (bar {LARGEST_P99:g}), and errors:",
        "",
        "| connections | work | p99 / p50 | failed |",
        "|--:|---|--:|--:|",
    ]
    for each in series:
        if each["server"] != Rendered.name or each["rows"] != SMALL:
            continue
        tail = ratios.tail(each)
        met = mark(tail <= LARGEST_P99 or each["connections"] != CONNECTIONS)
        failed = f"{each['failed']}{mark(not each['failed'])}"
        lines.append(f"| {each['connections']} | {each['work']} | {tail:.1f}{met} | {failed} |")
    return lines


def _series(series: Sequence[Found]) -> list[str]:
    lines = [
        "## All of it",
        "",
        "Medians of the rounds; CPU is the server's own, without PostgreSQL's and the client's.",
        "",
        "| rows | connections | work | server | requests/s | CPU µs/request | p50 ms | p99 ms |",
        "|--:|--:|---|---|--:|--:|--:|--:|",
    ]
    lines += [
        f"| {each['rows']:,} | {each['connections']} | {each['work']} | {TITLES[each['server']]} "
        f"| {each['per_second']:.0f} | {each['cpu_us']:.0f} "
        f"| {each['p50_ms']:.2f} | {each['p99_ms']:.2f} |"
        for each in series
    ]
    return lines
