"""Threads and gevent, where most of a request's time is spent waiting for another service."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from benchmarks import load
from benchmarks.load import Request
from benchmarks.rounds import measure
from benchmarks.servers import Changed
from benchmarks.work import Work
from tasks.folders import ROOT
from tasks.ports import free_port, listens
from tasks.running_service import RunningService

PAGE = Work("page", Request("/"))
CLIENTS = 64

MANY_AT_A_TIME = {"calls.at_a_time": "90", "calls.pool_size": "90"}
"""With gevent: nearly as many calls as a worker has greenlets."""


@contextmanager
def slow_upstream() -> Iterator[str]:
    """Run a service that takes 200 ms, and yield its address."""
    port = free_port()
    words = [sys.executable, "-m", "benchmarks.slow_upstream", str(port)]
    process = subprocess.Popen(words, cwd=ROOT)
    try:
        while not listens(port):
            pass
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def frontend(folder: Path, private: Path, upstream: str, more: dict[str, str]) -> RunningService:
    """Return a frontend whose pages are made of what one service answers."""
    supplied = {
        "upstream.users.url": upstream,
        "upstream.thoughts.url": upstream,
        "session.secret_key": "benchmark" * 8,
    }
    return RunningService(folder, private, say=lambda what: None, supplied=supplied | more)


def as_json(folder: Path, private: Path, rounds: int, seconds: int) -> dict[str, Any]:
    """Measure both modes with an upstream that takes 200 ms."""
    with ExitStack() as stack:
        upstream = stack.enter_context(slow_upstream())
        plain = frontend(folder, private, upstream, {})
        many = frontend(folder, private, upstream, MANY_AT_A_TIME)
        modes = [Changed(plain, "threads"), Changed(many, "gevent", gevent=True)]
        for mode in modes:
            stack.callback(mode.stop)
        for mode in modes:
            mode.wait()
        found = measure(modes, PAGE, connections=CLIENTS, rows=0, rounds=rounds, seconds=seconds)
    return {"clients": CLIENTS, "modes": [series.as_json() for series in found]}


def page_as_json(
    folder: Path, private: Path, upstream: str, rounds: int, seconds: int
) -> dict[str, Any]:
    """Measure a page of the frontend on a service that answers as it does in earnest."""
    served = Changed(frontend(folder, private, upstream, {}), "frontend")
    try:
        served.wait()
        load.send(served.port, PAGE.request, 8, 1)
        [series] = measure([served], PAGE, connections=8, rows=0, rounds=rounds, seconds=seconds)
    finally:
        served.stop()
    return series.as_json()
