"""What each part of the chassis costs a request: the service beside itself without the part."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import requests
from invoke import Exit

from benchmarks import ratios
from benchmarks.rounds import Series, measure
from benchmarks.servers import Changed
from benchmarks.work import TIMEOUT_SECONDS, Work
from tasks.running_service import RunningService

PARTS = ("logs", "metrics", "request ids", "error handling")
BAR = 0.15
"""All of them together may cost so much of a list request's CPU time."""

WHOLE = "all parts"
FOLDER = Path(__file__).parent / "in_service"


def without(service: RunningService, parts: Sequence[str]) -> Changed:
    """Start the service without some of its parts."""
    variables = {"MEASURED": service.service.package, "WITHOUT": ",".join(parts)}
    options = [f"--pythonpath={FOLDER}", "--module=without:application"]
    return Changed(service, ", ".join(parts) or WHOLE, variables, options)


@contextmanager
def started(service: RunningService, parts: Sequence[str]) -> Iterator[list[Changed]]:
    """Start the service with all parts, and without some of them.

    Two at a time: more would need more connections than their PostgreSQL accepts.
    """
    with ExitStack() as stack:
        found = []
        for lacking in ((), parts):
            found.append(without(service, lacking))
            stack.callback(found[-1].stop)
        for each in found:
            each.wait()
            check(each)
        yield found


def check(server: Changed) -> None:
    """Raise Exit where a server has a part that it should be without, or lacks another one."""
    wanted = [part for part in PARTS if part not in server.name.split(", ")]
    found = present(server)
    if found != wanted:
        raise Exit(
            f"A service has {found} and should have {wanted}: see {FOLDER.name}/without.py", 1
        )


def present(server: Changed) -> list[str]:
    """Return which parts are there, by what they do."""
    path = "/nowhere/"
    got = requests.get(f"http://127.0.0.1:{server.port}{path}", timeout=TIMEOUT_SECONDS)
    metrics_address = f"http://127.0.0.1:{server.metrics_port}/metrics"
    counted = requests.get(metrics_address, timeout=TIMEOUT_SECONDS).text
    does = {
        "logs": f'"path":"{path}"' in server.log.read_text("utf-8").replace('": "', '":"'),
        "metrics": "http_requests_total{" in counted,
        "request ids": bool(got.headers.get("X-Request-ID")),
        "error handling": got.headers["Content-Type"] == "application/json",
    }
    return [part for part in PARTS if does[part]]


def cost(part: Mapping[str, Any], whole: Mapping[str, Any]) -> dict[str, float]:
    """Return by how much a request costs more with a part than without it, as a share.

    `least` and `most` are of the rounds: they say how far to trust it.
    """
    rounds = ratios.in_pairs(part["rounds"]["cpu_us"], whole["rounds"]["cpu_us"])
    share = 1 - ratios.ratio(part, whole, "cpu_us")
    return {"share": share, "least": 1 - max(rounds), "most": 1 - min(rounds)}


def costs(found: Sequence[tuple[Series, Series]]) -> dict[str, Any]:
    """Return what each part costs and what all do, measured together and not added up.

    `found` are the service with all parts and without some, for each of PARTS, then for all. Raises
    Exit if a server has failed to answer: the time of failures is not that of answers.
    """
    pairs = []
    for pair in found:
        for series in pair:
            if series.failed:
                raise Exit(f"{series.server}: {series.failed} requests failed, so no cost is told.")
        whole, lacking = (series.as_json() for series in pair)
        pairs.append((lacking["server"], cost(lacking, whole)))
    *each, (_, together) = pairs
    # Far below 0, the service without its parts does more work than with them: another service.
    is_met = abs(together["share"]) <= BAR
    return {"each": dict(each), "together": together, "bar": BAR, "is_met": is_met}


def as_json(service: RunningService, work: Work, rounds: int) -> dict[str, Any]:
    """Measure what the parts cost a kind of work."""
    found = []
    for lacking in (*((part,) for part in PARTS), PARTS):
        with started(service, lacking) as servers:
            whole, other = measure(servers, work, connections=8, rows=0, rounds=rounds)
            found.append((whole, other))
    return costs(found)
