"""Sends requests as fast as they are answered, to this machine only: wrk, for a bounded time."""

import json
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from invoke import Exit

SCRIPT = Path(__file__).with_name("load.lua")

LONGEST_SECONDS = 60


@dataclass(frozen=True)
class Request:
    """A request, sent again and again."""

    path: str
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""


@dataclass(frozen=True)
class Answered:
    """What came of it: `refused` are those that were answered 503."""

    seconds: float
    good: int
    refused: int
    failed: int
    p50_ms: float
    p99_ms: float

    @property
    def per_second(self) -> float:
        """Good answers a second."""
        return self.good / self.seconds


def check_wrk() -> None:
    """Raise Exit, with what to do, where wrk is not installed."""
    if not shutil.which("wrk"):
        raise Exit("The benchmarks need wrk, the load generator: apt-get install wrk", 1)


def send(
    port: int, request: Request, connections: int, seconds: float, *, waits: bool = False
) -> Answered:
    """Send a request on so many connections for some seconds.

    Each connection sends its next request when it has the answer to the last. One that `waits`
    heeds the `Retry-After` of a refusal.
    """
    check_wrk()
    duration = min(max(1, round(seconds)), LONGEST_SECONDS)
    words = ["wrk", "--threads=1", f"--connections={connections}", f"--duration={duration}s"]
    words += ["--timeout=30s", f"--script={SCRIPT}", f"http://127.0.0.1:{port}{request.path}"]
    headers = [f"{name}: {value}" for name, value in request.headers.items()]
    words += ["--", request.method, request.body, "waits" if waits else "", *headers]
    done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=duration + 60)
    return read(done.stdout)


def read(printed: str) -> Answered:
    """Read the last line that load.lua prints. wrk counts what is answered 400 or above as bad."""
    found = json.loads(printed.strip().splitlines()[-1])
    return Answered(
        seconds=found["microseconds"] / 1e6,
        good=found["answers"] - found["bad"],
        refused=found["refused"],
        failed=found["broken"] + found["bad"] - found["refused"],
        p50_ms=found["p50"] / 1000,
        p99_ms=found["p99"] / 1000,
    )
