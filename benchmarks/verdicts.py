"""All bars in one table: what is asked for, what was found, and whether that is enough."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks import growth, ratios
from benchmarks.growth import SMALL
from benchmarks.ratios import BARS, CPU_BARS, LARGEST_TAIL, Bar, Found
from benchmarks.servers import VARIANTS, Rendered
from benchmarks.work import BARRED

CONNECTIONS = 8
"""So many connections the bars are for."""

MANY_CONNECTIONS = 64
"""At so many, nothing may fail."""

LIMIT = VARIANTS[0].name
"""The server whose p99 / p50 that of the others is held against."""


@dataclass(frozen=True)
class Verdict:
    """What was found of something that has a bar."""

    what: str
    found: str
    bar: str
    is_met: bool


def of(found: dict[str, Any], titles: dict[str, str]) -> Iterator[Verdict]:
    """Return the verdicts on a whole run."""
    for bar in BARS:
        yield _beside("requests/s", f"at least {bar.least:g}", bar, found["ratios"], titles)
    for bar in CPU_BARS:
        most = f"at most {bar.most:g}"
        yield _beside("CPU time of a request", most, bar, found["cpu_ratios"], titles)
    yield from _steadiness(found["series"])
    yield from _strains(found)


def _beside(
    of: str, asked: str, bar: Bar, found: dict[str, dict[str, float]], titles: dict[str, str]
) -> Verdict:
    values = found[bar.beside].values()
    what = f"times the {of} of {titles[bar.beside]}: {', '.join(BARRED)}"
    figures = ", ".join(f"{value:.2f}" for value in values)
    return Verdict(what, figures, asked, all(bar.is_met(value) for value in values))


def _steadiness(series: Sequence[Found]) -> Iterator[Verdict]:
    def found(server: str, work: str, connections: int = CONNECTIONS) -> Found:
        return ratios.find(series, server, work, connections, SMALL)

    tails = [ratios.tail_beside(found(Rendered.name, work), found(LIMIT, work)) for work in BARRED]
    yield Verdict(
        f"times the limit's own p99 / p50: {', '.join(BARRED)}",
        ", ".join(f"{value:.2f}" for value in tails),
        f"at most {LARGEST_TAIL:g}",
        max(tails) <= LARGEST_TAIL,
    )
    failed = sum(found(Rendered.name, work, MANY_CONNECTIONS)["failed"] for work in BARRED)
    yield Verdict(f"errors at {MANY_CONNECTIONS} connections", str(failed), "none", not failed)


def _strains(found: dict[str, Any]) -> Iterator[Verdict]:
    parts, idle, much = found["parts"], found["starvation"], found["overload"]
    start, memory = found["start"], found["memory"]
    yield Verdict(
        "share of logs, metrics, request ids, error handling in a list request's CPU",
        f"{parts['together']['share']:.0%}",
        f"at most {parts['bar']:.0%}",
        parts["is_met"],
    )
    yield Verdict(
        f"slowest answer to a new client, with {idle['idle']} idle ones",
        f"{idle['slowest_seconds'] * 1000:.0f} ms",
        "less than 1 s",
        idle["is_met"],
    )
    yield Verdict(
        f"goodput at {much['times']} times the load that saturates",
        f"{much['ratio']:.2f}",
        f"at least {much['bar']}",
        much["is_met"],
    )
    grown = max(one["ratio"] for one in found["growth"] if one["bar"])
    what = "1,000,000 rows beside 10,000: [the worst of the requests](growth.md)"
    yield Verdict(what, f"{grown:.2f}", f"at most {growth.BAR}", grown <= growth.BAR)
    yield Verdict(
        "exec to the first 200",
        f"{start['uwsgi_median'] * 1000:.0f} ms",
        f"less than {start['bar'] * 1000:.0f} ms",
        start["is_met"],
    )
    yield Verdict(
        f"a worker's own memory, flat over {memory['requests']:,} requests",
        f"{memory['first_mb']:.0f}, then {memory['last_mb']:.0f} MB",
        f"less than {memory['bar_mb']} MB",
        memory["is_met"],
    )


def as_lines(found: dict[str, Any], titles: dict[str, str]) -> list[str]:
    """Return the table with its heading."""
    return [
        "## The bars",
        "",
        "| | found | bar | |",
        "|---|--:|--:|---|",
        *(
            f"| {each.what} | {each.found} | {each.bar} | {'met' if each.is_met else '✗ missed'} |"
            for each in of(found, titles)
        ),
    ]
