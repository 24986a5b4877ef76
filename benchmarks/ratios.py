"""What the rounds of two servers say of each other: ratios, and how far they can be trusted."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LEAST_NOISE = 0.05
"""Less than this is never told: the machine is not that steady, however the rounds look."""

NEXT_TO_NOTHING = 0.001
"""What a server did in a round in which it answered nothing."""

Found = Mapping[str, Any]
"""A series of rounds, as Series.as_json returns it."""


@dataclass(frozen=True)
class Bar:
    """How a server must do beside another one, as a multiple: at least, or at most."""

    beside: str
    least: float = 0
    most: float = math.inf

    def is_met(self, ratio: float) -> bool:
        """Whether a ratio is good enough."""
        return self.least <= ratio <= self.most


BARS = (
    Bar("raw", least=0.5),
    Bar("fastapi_asyncpg", least=1),
    Bar("fastapi_sqlmodel", least=6),
    Bar("flask_restx", least=8),
)
"""Of the requests a second of the rendered service, for each work with bars, at 8 connections."""

CPU_BARS = (Bar("fastapi_asyncpg", most=0.9),)
"""Of the CPU time of a request, in the same way."""

LARGEST_TAIL = 1.3
"""p99 / p50 may be so many times that of the limit, at 8 connections."""


def in_pairs(one: Sequence[float], other: Sequence[float]) -> list[float]:
    """Return the ratio of each round: what was measured right after one another is compared."""
    return [a / max(b, NEXT_TO_NOTHING) for a, b in zip(one, other, strict=True)]


def ratio(one: Found, other: Found, of: str = "per_second") -> float:
    """Return the median of the rounds' ratios."""
    return statistics.median(in_pairs(one["rounds"][of], other["rounds"][of]))


def tail(series: Found) -> float:
    """Return how many times its median the slowest hundredth takes."""
    rounds = series["rounds"]
    return statistics.median(in_pairs(rounds["p99_ms"], rounds["p50_ms"]))


def tail_beside(series: Found, limit: Found) -> float:
    """Return how many times the tail of the limit a tail is."""
    return tail(series) / max(tail(limit), NEXT_TO_NOTHING)


def noise(ratios: Sequence[float]) -> float:
    """Return how far the median of some ratios may be off: three median deviations.

    The median of several rounds is steadier than one of them, by the root of their number.
    """
    middle = statistics.median(ratios)
    deviation = statistics.median(abs(each - middle) for each in ratios)
    return max(LEAST_NOISE, 3 * 1.48 * deviation / math.sqrt(len(ratios)))


@dataclass(frozen=True)
class Change:
    """What a change did to a kind of work: `cost` is of CPU per request, after / before."""

    work: str
    cost: float
    noise: float

    @property
    def verdict(self) -> str:
        """Whether it is more than noise."""
        if self.cost > 1 + self.noise:
            return "slower"
        return "faster" if self.cost < 1 - self.noise else "the same"


def change(before: Found, after: Found) -> Change:
    """Return what became of a kind of work."""
    costs = in_pairs(after["rounds"]["cpu_us"], before["rounds"]["cpu_us"])
    return Change(after["work"], statistics.median(costs), noise(costs))


def find(found: Sequence[Found], server: str, work: str, connections: int, rows: int) -> Found:
    """Return the series of a server."""
    wanted = (server, work, connections, rows)
    [series] = [
        each
        for each in found
        if (each["server"], each["work"], each["connections"], each["rows"]) == wanted
    ]
    return series
