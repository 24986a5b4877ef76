"""How soon a service answers after its start, and what memory its workers take."""

import socket
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks import load, processes
from benchmarks.load import Request
from tasks.running_service import RunningService

START_BAR_SECONDS = 0.4
STARTS = 5
MEMORY_BAR_MB = 60
GROWTH_BAR = 1.05
MOST_SECONDS = 50

LIVE = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


@dataclass(frozen=True)
class Memory:
    """What the largest worker has for itself: after some requests, and after many."""

    first_mb: float
    requests: int
    last_mb: float

    def as_json(self) -> dict[str, Any]:
        """Return all of it."""
        is_met = self.last_mb < MEMORY_BAR_MB and self.last_mb <= GROWTH_BAR * self.first_mb
        return asdict(self) | {"bar_mb": MEMORY_BAR_MB, "is_met": is_met}


def start_seconds(service: RunningService) -> dict[str, Any]:
    """Start a service anew some times, and return how long it takes from exec to the first 200.

    Once by its task, and once by uWSGI with the words that the task gives it.
    """
    by_task = []
    for _ in range(STARTS):
        service.end()
        by_task.append(_first_answer(service.port, service.begin))
        service.wait_until_ready()
    command = Path(f"/proc/{service.program.pid}/cmdline").read_text("utf-8").split("\0")[:-1]
    by_uwsgi = []
    for _ in range(STARTS):
        service.end()
        by_uwsgi.append(_first_answer(service.port, lambda: service.begin_as(command)))
        service.wait_until_ready()
    median, uwsgi_median = statistics.median(by_task), statistics.median(by_uwsgi)
    return {
        "median": median,
        "all": by_task,
        "uwsgi_median": uwsgi_median,
        "uwsgi_all": by_uwsgi,
        "bar": START_BAR_SECONDS,
        "is_met": uwsgi_median < START_BAR_SECONDS,
    }


def _first_answer(port: int, begin: Callable[[], object]) -> float:
    begun = time.monotonic()
    begin()
    while not _answers(port):
        time.sleep(0.002)
    return time.monotonic() - begun


def memory(service: RunningService, request: Request, requests: int) -> Memory:
    """Send many requests, and see what the workers have for themselves before and after.

    It ends before that where the machine is slow.
    """
    answered = load.send(service.port, request, 8, 5)
    first, sent = _largest(service), answered.good
    begun = time.monotonic()
    while sent < requests and time.monotonic() - begun < MOST_SECONDS:
        sent += load.send(service.port, request, 8, 5).good
    return Memory(first, sent, _largest(service))


def _largest(service: RunningService) -> float:
    """Return what the largest of its processes has, which is a worker."""
    pids = processes.of_session(service.program.pid)
    return max(processes.unique_bytes(pid) for pid in pids) / 2**20


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(LIVE)
            return connection.recv(100).startswith(b"HTTP/1.1 200")
    except OSError:
        return False
