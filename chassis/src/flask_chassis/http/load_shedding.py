"""Sheds load: refuses requests that have waited for a thread for too long with 503.

If more requests arrive than can be answered, all of them wait longer and longer, until no client
waits for its response any more. A refusal is cheap, so those that remain are answered in time.

How long a request has waited is known from the header `X-Request-Start` of a proxy. Without the
header, it is estimated from the length of uWSGI's listen queue.
"""

import re
import time
from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug.exceptions import ServiceUnavailable

from flask_chassis.http import errors
from flask_chassis.serving import listen_queue
from flask_chassis.settings import Settings

RETRY_AFTER_SECONDS = 1

SECONDS_BETWEEN_READINGS = 1

WEIGHT = 0.1
"""Of the latest request in the mean duration: the last ten or twenty requests decide."""

# Seconds, milliseconds or microseconds since the epoch: `t=1700000000.123`, `1700000000123`.
_REQUEST_START = re.compile(r"(?:t=)?(\d{10}|\d{13}|\d{16})(\.\d{1,9})?")
_UNITS = {10: 1, 13: 1e3, 16: 1e6}


def create(uwsgi: Any, settings: Settings) -> "LoadShedder | None":
    """Return the load shedder of this worker; None outside uWSGI, where nothing is shed."""
    return LoadShedder(uwsgi, settings["http.longest_wait_seconds"]) if uwsgi else None


class LoadShedder:
    """Decides which requests of a worker are shed."""

    def __init__(self, uwsgi: Any, longest_wait: float) -> None:
        """`longest_wait` is the seconds that a request may wait for a thread."""
        self._uwsgi = uwsgi
        self._longest_wait = longest_wait
        self._workers: int = uwsgi.numproc
        # Threads, or greenlets.
        self._concurrency: int = uwsgi.cores * uwsgi.numproc
        # A request that waited for the service to start did not wait for a thread.
        self._started = time.time()
        self._queue = 0
        self._next_reading = 0.0
        self._mean_seconds = 0.0
        # How many requests this worker may shed until the next reading.
        self._budget = 0

    def sheds(self, environ: WSGIEnvironment) -> bool:
        """Return whether to shed a request."""
        now = time.monotonic()
        if now >= self._next_reading:
            self._next_reading = now + SECONDS_BETWEEN_READINGS
            self._read_queue()
        if not self._queue:
            # A proxy whose clock is wrong cannot have every request refused.
            return False
        waited = seconds_waited(environ.get("HTTP_X_REQUEST_START", ""), self._started)
        if waited is not None:
            return waited > self._longest_wait
        if self._budget < 1:
            return False
        self._budget -= 1
        return True

    def wait(self, environ: WSGIEnvironment) -> float:
        """Return the seconds that a request has waited for a thread: measured, or estimated.

        Without a proxy's header it is the time that all threads need for those who wait. While
        nobody waits, it is 0 whatever a header says, as clients and wrong clocks may write it.
        """
        if not self._queue:
            return 0.0
        waited = seconds_waited(environ.get("HTTP_X_REQUEST_START", ""), self._started)
        if waited is None:
            return self._queue * self._mean_seconds / self._concurrency
        return max(0.0, waited)

    def add(self, seconds: float) -> None:
        """Take the duration of a request that was not shed into account."""
        mean = self._mean_seconds
        self._mean_seconds = mean + WEIGHT * (seconds - mean) if mean else seconds

    def _read_queue(self) -> None:
        """Read the queue, and allow this worker its share of what is too many."""
        self._queue = listen_queue.length(self._uwsgi)
        self._budget = 0
        if self._queue and self._mean_seconds:
            in_time = self._longest_wait * self._concurrency / self._mean_seconds
            self._budget = max(0, int((self._queue - in_time) / self._workers))


def seconds_waited(header: str, started: float) -> float | None:
    """Return how long ago a proxy received a request, but not longer than since `started`.

    None if there is no header, or if it makes no sense.
    """
    found = _REQUEST_START.fullmatch(header)
    if not found:
        return None
    whole, fraction = found.groups(default="")
    return time.time() - max(started, float(whole + fraction) / _UNITS[len(whole)])


def refuse(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer 503, as a WSGI application."""
    error = ServiceUnavailable(
        "The service is busy. Try again in a moment.", retry_after=RETRY_AFTER_SECONDS
    )
    return errors.http_error(error)(environ, start_response)
