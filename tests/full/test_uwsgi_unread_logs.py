"""Nobody reads the standard output of a rendered service: it serves on, and ends when told to."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.client import HTTPException
from pathlib import Path
from threading import Event

import pytest

from tests.full.uwsgi_process import PATIENCE, Rendered, Uwsgi, eventually, started

LONG = b'{"text": "x", "times": 4000, "records": 50}'
JSON = {"Content-Type": "application/json"}


class Reader:
    """Reads the output of a service until it is told to stop for a while."""

    def __init__(self) -> None:
        self.reads = Event()
        self.reads.set()

    def __call__(self, descriptor: int) -> bytes:
        """Return the next piece."""
        self.reads.wait()
        return os.read(descriptor, 65_536)


def fill(uwsgi: Uwsgi) -> None:
    """Log until lines are dropped."""

    def dropped() -> bool:
        assert uwsgi.ask("/log", "POST", LONG, JSON).status == 200
        return uwsgi.metrics().get("log_lines_dropped_total", 0) > 0

    eventually(dropped, "no line is dropped", uwsgi)


@pytest.mark.parametrize("gevent", [False, True], ids=["threads", "gevent"])
def test_requests_are_answered_and_lines_counted_until_somebody_reads_again(
    rendered_service: Rendered, tmp_path: Path, gevent: bool
) -> None:
    reader = Reader()
    with started(rendered_service, tmp_path, read=reader, gevent=gevent) as uwsgi:
        reader.reads.clear()
        try:
            fill(uwsgi)
            begun = time.monotonic()
            with ThreadPoolExecutor(8) as pool:
                answers = list(pool.map(uwsgi.ask, ["/items/1/"] * 100))
            assert {answer.status for answer in answers} == {200}
            # Each of the two workers may wait once more.
            assert time.monotonic() - begun < PATIENCE / 2
        finally:
            reader.reads.set()

        def reported() -> bool:
            uwsgi.ask("/items/2/")
            return "log lines were dropped: standard output was not read" in uwsgi.stdout

        eventually(reported, "it does not say how many were dropped", uwsgi)


def test_a_worker_is_replaced_and_the_service_ends_although_nobody_reads(
    rendered_service: Rendered, tmp_path: Path
) -> None:
    reader = Reader()
    options = ["--workers=1", "--harakiri=5"]
    with started(rendered_service, tmp_path, *options, read=reader) as uwsgi:
        reader.reads.clear()
        try:
            fill(uwsgi)
            stuck = uwsgi.ask().json["pid"]
            # The watchdog logs before it kills the worker.
            with pytest.raises((OSError, HTTPException)):
                uwsgi.ask("/wait/600.0")
            eventually(partial(is_served_by_another, uwsgi, stuck), "none took its place", uwsgi)
            uwsgi.send(signal.SIGTERM)
            assert uwsgi.process.wait(PATIENCE) == 0
            assert uwsgi.members() == []
        finally:
            reader.reads.set()


def is_served_by_another(uwsgi: Uwsgi, pid: int) -> bool:
    """Whether another worker answers than the one that did."""
    return bool(uwsgi.ask().json["pid"] != pid)
