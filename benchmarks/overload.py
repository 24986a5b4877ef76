"""What is left of a service when more clients come than it can take."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks import load
from benchmarks.load import Answered, Request
from benchmarks.ratios import in_pairs

STEPS = (8, 16, 32, 64)
"""How many clients: the number that gets most done is the load that saturates it."""

TIMES = 4
BAR = 0.9
ENOUGH = 0.95
"""The fewest clients that come so close to the best saturate the service."""


@dataclass(frozen=True)
class Overloaded:
    """The best goodput, and that with several times the clients that it takes for it, by round."""

    clients: int
    best: Sequence[Answered]
    much: Sequence[Answered]

    @property
    def ratios(self) -> list[float]:
        """How much of the best is left, in each round."""
        return in_pairs(_goodput(self.much), _goodput(self.best))

    @property
    def failed(self) -> int:
        """How many requests were neither answered nor refused."""
        return sum(answered.failed for answered in (*self.best, *self.much))

    def as_json(self) -> dict[str, Any]:
        """Return all of it."""
        ratio = statistics.median(self.ratios)
        refused = statistics.median(answered.refused / answered.seconds for answered in self.much)
        return {
            "clients": self.clients,
            "best": statistics.median(_goodput(self.best)),
            "times": TIMES,
            "goodput": statistics.median(_goodput(self.much)),
            "ratio": ratio,
            "least": min(self.ratios),
            "most": max(self.ratios),
            "refused_per_second": refused,
            "failed": self.failed,
            "bar": BAR,
            "is_met": ratio >= BAR,
        }


def measure(port: int, request: Request, seconds: int, rounds: int) -> Overloaded:
    """Find the load that saturates a service, then send that and four times as much in turns.

    The clients heed `Retry-After`, as proxies and libraries do.
    """

    def send(clients: int) -> Answered:
        return load.send(port, request, clients, seconds, waits=True)

    found = {clients: send(clients).per_second for clients in STEPS}
    enough = ENOUGH * max(found.values())
    clients = min(clients for clients, per_second in found.items() if per_second >= enough)
    in_turns = [(send(clients), send(TIMES * clients)) for _ in range(rounds)]
    best, much = zip(*in_turns, strict=True)
    return Overloaded(clients, best, much)


def _goodput(rounds: Sequence[Answered]) -> list[float]:
    return [answered.per_second for answered in rounds]
