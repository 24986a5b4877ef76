"""Measures servers in turns, A B C A B C, so that a busy moment of the machine meets them all."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from benchmarks import load, processes
from benchmarks.load import Request
from benchmarks.work import Work

WARM_UP_SECONDS = 1

ROUNDS = 5
"""Of the whole run. Fewer are no result: they only show that everything runs."""


Pids = Callable[[], Sequence[int]]


class Measurable(Protocol):
    """A server on a port, with its processes."""

    name: str
    title: str
    port: int

    @property
    def pids(self) -> list[int]:
        """Its processes."""


@dataclass
class Series:
    """What a server did in each round of a kind of work."""

    server: str
    work: str
    connections: int
    rows: int
    per_second: list[float] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)
    p50_ms: list[float] = field(default_factory=list)
    p99_ms: list[float] = field(default_factory=list)
    failed: int = 0
    others_us: dict[str, list[float]] = field(default_factory=dict)
    """The CPU time of what else a request takes, nginx and PostgreSQL for instance."""

    def add(
        self,
        answered: load.Answered,
        cpu_seconds: float,
        others: Mapping[str, float] | None = None,
    ) -> None:
        """Add a round: the CPU seconds of the server, and of others by their names."""
        self.per_second.append(answered.per_second)
        self.cpu_us.append(cpu_seconds / max(answered.good, 1) * 1e6)
        for name, seconds in (others or {}).items():
            each = self.others_us.setdefault(name, [])
            each.append(seconds / max(answered.good, 1) * 1e6)
        self.p50_ms.append(answered.p50_ms)
        self.p99_ms.append(answered.p99_ms)
        self.failed += answered.failed + answered.refused

    def as_json(self) -> dict[str, Any]:
        """Return the medians, and all rounds."""
        rounds = {
            name: [round(value, 3) for value in getattr(self, name)]
            for name in ("per_second", "cpu_us", "p50_ms", "p99_ms")
        }
        return {
            "server": self.server,
            "work": self.work,
            "connections": self.connections,
            "rows": self.rows,
            "failed": self.failed,
            "others_us": {
                name: round(statistics.median(values), 3) for name, values in self.others_us.items()
            },
            **{name: round(statistics.median(values), 3) for name, values in rounds.items()},
            "rounds": rounds,
        }


def measure(
    servers: Sequence[Measurable],
    work: Work,
    *,
    connections: int,
    rows: int,
    rounds: int,
    seconds: int = 1,
    after_round: Callable[[], None] = lambda: None,
    requests: Sequence[Request] = (),
    others: Mapping[str, Pids] | None = None,
) -> list[Series]:
    """Measure a kind of work on all servers, in turns; `after_round` cleans up.

    `requests` are those of each server, where they differ. `others` are the processes of what else
    a request takes.
    """
    others = others or {}
    requests = requests or [work.request] * len(servers)
    found = [Series(server.name, work.name, connections, rows) for server in servers]
    for server, request in zip(servers, requests, strict=True):
        load.send(server.port, request, connections, WARM_UP_SECONDS)
    after_round()
    for _ in range(rounds):
        for server, request, series in zip(servers, requests, found, strict=True):
            pids = server.pids
            before = processes.cpu_seconds(pids)
            others_before = _used(others)
            answered = load.send(server.port, request, connections, seconds)
            used = processes.cpu_seconds(pids) - before
            after = _used(others)
            series.add(answered, used, {name: after[name] - others_before[name] for name in others})
        after_round()
    return found


def _used(others: Mapping[str, Pids]) -> dict[str, float]:
    return {name: processes.cpu_seconds(pids()) for name, pids in others.items()}
