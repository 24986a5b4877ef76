"""What is left of a service when more clients come than it can take."""

from dataclasses import asdict, dataclass
from typing import Any

from benchmarks import load
from benchmarks.load import Answered, Request

STEPS = (8, 16, 32, 64)
"""How many clients: the number that gets most done is the load that saturates it."""

TIMES = 4
BAR = 0.9
ENOUGH = 0.95
"""The fewest clients that come so close to the best saturate the service."""


@dataclass(frozen=True)
class Overloaded:
    """The best goodput, and that with four times as many clients as it takes for it."""

    clients: int
    best: float
    times: int
    goodput: float
    refused_per_second: float
    failed: int

    @property
    def ratio(self) -> float:
        """How much of the best is left."""
        return self.goodput / self.best

    def as_json(self) -> dict[str, Any]:
        """Return all of it."""
        return asdict(self) | {"ratio": self.ratio, "bar": BAR, "is_met": self.ratio >= BAR}


def measure(port: int, request: Request, seconds: int) -> Overloaded:
    """Find the load that saturates a service, and send four times as much.

    The clients heed `Retry-After`, as proxies and libraries do.
    """

    def send(clients: int) -> Answered:
        return load.send(port, request, clients, seconds, waits=True)

    found = {clients: send(clients) for clients in STEPS}
    best = max(answered.per_second for answered in found.values())
    clients = min(c for c in STEPS if found[c].per_second >= ENOUGH * best)
    much = send(TIMES * clients)
    # Beside each other once more: the machine may have been busier the first time.
    best = max(send(clients).per_second, found[clients].per_second)
    refused = much.refused / much.seconds
    return Overloaded(clients, best, TIMES, much.per_second, refused, much.failed)
