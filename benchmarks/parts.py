"""What each part of the chassis costs a request: the service beside itself without the part."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from benchmarks import ratios
from benchmarks.rounds import Series, measure
from benchmarks.servers import Changed
from benchmarks.work import Work
from tasks.running_service import RunningService

PARTS = ("logs", "metrics", "request ids", "error handling")
BAR = 0.15
"""All of them together may cost so much of a list request's CPU time."""


HERE = Path(__file__).parent


@contextmanager
def started(service: RunningService) -> Iterator[list[Changed]]:
    """Start the service with all parts, without each, and without all."""
    options = [f"--pythonpath={HERE}", "--module=without:application"]
    with ExitStack() as stack:
        found = []
        for parts in ((), *((part,) for part in PARTS), PARTS):
            name = ", ".join(parts)
            variables = {"SERVICE_PACKAGE": service.service.package, "WITHOUT": ",".join(parts)}
            found.append(Changed(service, name, variables, options))
            stack.callback(found[-1].stop)
        for each in found:
            each.wait()
        yield found


def costs(found: Sequence[Series]) -> dict[str, float]:
    """Return by how much a request costs more with a part than without it, as a share."""
    whole, *others = [series.as_json() for series in found]
    return {each["server"]: 1 - ratios.ratio(each, whole, "cpu_us") for each in others}


def as_json(service: RunningService, work: Work, rounds: int, seconds: int) -> Mapping[str, Any]:
    """Measure what the parts cost a kind of work."""
    with started(service) as servers:
        found = measure(servers, work, connections=8, rows=0, rounds=rounds, seconds=seconds)
    shares = costs(found)
    together = shares.pop(", ".join(PARTS))
    return {"each": shares, "together": together, "bar": BAR, "is_met": together <= BAR}
