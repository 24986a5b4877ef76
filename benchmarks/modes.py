"""Threads and gevent, where most of a request's time is spent waiting for another service."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks import upstream
from benchmarks.pages import PAGE, frontend
from benchmarks.rounds import measure
from benchmarks.servers import Changed

CLIENTS = 64
UPSTREAM_SECONDS = 0.2

MANY_AT_A_TIME = {"calls.at_a_time": "90", "calls.pool_size": "90"}
"""With gevent: nearly as many calls as a worker has greenlets."""


def as_json(folder: Path, private: Path, rounds: int, seconds: int) -> dict[str, Any]:
    """Measure both modes with an upstream that takes 200 ms."""
    with ExitStack() as stack:
        address = stack.enter_context(upstream.answering(upstream.EMPTY, UPSTREAM_SECONDS))
        plain = frontend(folder, private, address)
        many = frontend(folder, private, address, MANY_AT_A_TIME)
        modes = [Changed(plain, "threads"), Changed(many, "gevent", gevent=True)]
        for mode in modes:
            stack.callback(mode.stop)
        for mode in modes:
            mode.wait()
        found = measure(modes, PAGE, connections=CLIENTS, rows=0, rounds=rounds, seconds=seconds)
    return {"clients": CLIENTS, "modes": [series.as_json() for series in found]}
