"""Writes what was measured side by side into a folder: JSON, a page to read, a chart."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks import chart, pages, ratios, readme, strains, verdicts
from benchmarks.circumstances import RESULTS, as_line, circumstances
from benchmarks.growth import SMALL
from benchmarks.ratios import BARS, CPU_BARS, LARGEST_TAIL, Bar, Found
from benchmarks.rounds import ROUNDS
from benchmarks.servers import VARIANTS, Rendered, Variant
from benchmarks.tables import Table
from benchmarks.verdicts import CONNECTIONS, MANY_CONNECTIONS
from benchmarks.work import BARRED

GROUPS = ((VARIANTS, BARRED), (pages.VARIANTS, (pages.PAGE.name,)))
"""Variants, each with the work that the service is compared in."""

TITLES = {Rendered.name: Rendered.title} | {
    each.name: each.title for variants, _ in GROUPS for each in variants
}

Groups = Sequence[tuple[Sequence[Variant], Sequence[str]]]

Ratios = dict[str, dict[str, float]]
"""By server and by work."""

PER_SECOND = f"How many times as many requests a second ({CONNECTIONS} connections)"

COLUMNS = (
    "rows", "connections", "work", "server", "requests/s", "CPU µs/request", "nginx", "PostgreSQL",
    "p50 ms", "p99 ms", "failed",
)  # fmt: skip


def write(measured: dict[str, Any], table: Table, results: Path = RESULTS) -> Path:
    """Write all three files and return the one to read; the README shows what is kept."""
    found = {**circumstances(table), **measured}
    found["ratios"] = beside_all(found["series"])
    found["cpu_ratios"] = beside_all(found["series"], "cpu_us")
    found["direct_ratios"] = beside_all(found["direct"], groups=GROUPS[:1])
    found["direct_cpu_ratios"] = beside_all(found["direct"], "cpu_us", GROUPS[:1])
    results.mkdir(exist_ok=True, parents=True)
    (results / "sidebyside.json").write_text(json.dumps(found, indent=2) + "\n", "utf-8")
    (results / "sidebyside.svg").write_text(as_chart(found["ratios"]), "utf-8")
    readable = results / "sidebyside.md"
    readable.write_text(as_markdown(found), "utf-8")
    if results == RESULTS:
        readme.update(readme_lines(found))
    return readable


def readme_lines(found: dict[str, Any]) -> list[str]:
    """Return what the README shows: the chart and the tables."""
    chart_there = "![Requests a second, as multiples](benchmarks/results/sidebyside.svg)"
    return [
        chart_there,
        "",
        "Requests a second:",
        "",
        *ratio_tables(found["ratios"], BARS),
        "",
        "CPU time of a request:",
        "",
        *ratio_tables(found["cpu_ratios"], CPU_BARS),
    ]


def beside_all(series: Sequence[Found], of: str = "per_second", groups: Groups = GROUPS) -> Ratios:
    """Return how many times as much the service does as each other server, or takes."""

    def ratio(work: str, other: str) -> float:
        rendered = ratios.find(series, Rendered.name, work, CONNECTIONS, SMALL)
        return ratios.ratio(rendered, ratios.find(series, other, work, CONNECTIONS, SMALL), of)

    return {
        each.name: {work: ratio(work, each.name) for work in works}
        for variants, works in groups
        for each in variants
    }


def as_chart(found: Ratios) -> str:
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
        f"{_rounds(found['series'])} What misses its bar has a ✗.",
        "",
        *verdicts.as_lines(found, TITLES),
        "",
        f"## {PER_SECOND}",
        "",
        "![The ratios as bars](sidebyside.svg)",
        "",
        *ratio_tables(found["ratios"], BARS),
        "",
        "## How many times the CPU time of a request",
        "",
        "Below 1 the service takes less than the other. Trust this most.",
        "",
        *ratio_tables(found["cpu_ratios"], CPU_BARS),
        "",
        "## Without nginx",
        "",
        "Clients connect to the servers themselves, and keep their connections to those that do.",
        "The rendered service closes each one. Requests a second, then CPU time:",
        "",
        *ratio_tables(found["direct_ratios"], groups=GROUPS[:1]),
        "",
        *ratio_tables(found["direct_cpu_ratios"], groups=GROUPS[:1]),
        "",
        *as_tails(found["series"]),
        "",
        *strains.as_lines(found),
        "",
        *_series(found["series"]),
    ]
    return "\n".join(lines) + "\n"


def _rounds(series: Sequence[Found]) -> str:
    number = len(series[0]["rounds"]["per_second"])
    if number >= ROUNDS:
        return f"Medians of {number} rounds."
    return f"**{number} of {ROUNDS} rounds: this shows that all of it runs, and no result.**"


def ratio_tables(found: Ratios, bars: Sequence[Bar] = (), groups: Groups = GROUPS) -> list[str]:
    """Return the tables of ratios; what misses its bar is marked."""
    tables = [
        "\n".join(_ratio_table([each.name for each in variants], works, found, bars))
        for variants, works in groups
    ]
    return "\n\n".join(tables).splitlines()


def _ratio_table(
    servers: Sequence[str], works: Sequence[str], found: Ratios, bars: Sequence[Bar]
) -> Iterator[str]:
    by_server = {bar.beside: bar for bar in bars if bar.beside in servers}
    last = " bar |" if by_server else ""
    yield f"| beside | {' | '.join(works)} |{last}"
    yield f"|---|{'--:|' * (len(works) + bool(by_server))}"
    for server in servers:
        bar = by_server.get(server)
        values = [found[server][work] for work in works]
        cells = [f"{value:.2f}{mark(bar is None or bar.is_met(value))}" for value in values]
        if by_server:
            cells.append(_as_text(bar) if bar else "")
        yield f"| {TITLES[server]} | {' | '.join(cells)} |"


def _as_text(bar: Bar) -> str:
    return f"≥ {bar.least:g}" if bar.least else f"≤ {bar.most:g}"


def mark(is_met: bool) -> str:
    """Return what is written behind a figure that misses its bar."""
    return "" if is_met else " ✗"


def as_tails(series: Sequence[Found]) -> list[str]:
    """Return the slowest hundredth of the rendered service, beside its median and the limit's."""
    bars = (
        f"Of the rendered service; under *raw* the limit's p99 / p50. Bars: p99 / p50 at most "
        f"{LARGEST_TAIL:g} times the limit's at {CONNECTIONS} connections, no error at "
        f"{MANY_CONNECTIONS}."
    )
    limits = {variants[0].name for variants, _ in GROUPS}
    raw = {_what(each): ratios.tail(each) for each in series if each["server"] in limits}
    lines = [
        "## The slowest hundredth, and errors",
        "",
        bars,
        "",
        "| connections | work | p50 ms | p99 ms | p99 / p50 | raw | failed |",
        "|--:|---|--:|--:|--:|--:|--:|",
    ]
    for each in series:
        if each["server"] != Rendered.name or each["rows"] != SMALL:
            continue
        tail = ratios.tail(each)
        has_bar = each["connections"] == CONNECTIONS and each["work"] in BARRED
        met = mark(tail <= LARGEST_TAIL * raw[_what(each)] or not has_bar)
        failed = f"{each['failed']}{mark(not each['failed'])}"
        lines.append(
            f"| {each['connections']} | {each['work']} | {each['p50_ms']:.2f} "
            f"| {each['p99_ms']:.2f} | {tail:.1f}{met} | {raw[_what(each)]:.1f} | {failed} |"
        )
    return lines


def _what(series: Found) -> tuple[str, int, int]:
    """Return what a server was asked, by how many at a time, and with how many rows."""
    return series["work"], series["connections"], series["rows"]


def _series(series: Sequence[Found]) -> list[str]:
    lines = [
        "## All of it",
        "",
        "CPU is the server's own; beside it is that of nginx and PostgreSQL. The client's is not",
        "measured. If most rounds got no answer at all there is nothing else to show:",
        "benchmarks/README.md says of whom, and why.",
        "",
        f"| {' | '.join(COLUMNS)} |",
        "|--:|--:|---|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    lines += [
        f"| {each['rows']:,} | {each['connections']} | {each['work']} | {TITLES[each['server']]} "
        f"| {_answers(each)} | {each['failed']} |"
        for each in series
    ]
    return lines


def _answers(each: Found) -> str:
    if not each["per_second"]:
        return "0 | | | | |"
    return (
        f"{each['per_second']:.0f} | {each['cpu_us']:.0f} "
        f"| {_other(each, 'nginx')} | {_other(each, 'PostgreSQL')} "
        f"| {each['p50_ms']:.2f} | {each['p99_ms']:.2f}"
    )


def _other(each: Found, name: str) -> str:
    used = each["others_us"].get(name)
    return "" if used is None else f"{used:.0f}"
