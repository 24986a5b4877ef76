"""Request watchdog: logs the stack of a request that exceeds its time limit and kills its worker.

uWSGI's harakiri has one deadline for all threads of a worker: each request that begins resets it,
and each request that ends clears it. So it never fires in a worker that handles a few requests per
second. The watchdog, a thread in each worker, checks each request separately. Harakiri remains for
what a Python thread cannot detect: C code that does not release the GIL. Then no other request ends
either.
"""

import logging
import os
import signal
import sys
import threading
import time
import traceback
from typing import Any
from wsgiref.types import WSGIEnvironment

from flask_chassis.exceptions import ConfigurationError
from flask_chassis.http.access_log import MAX_METHOD
from flask_chassis.http.request_id import ENVIRON_KEY

Running = dict[int, tuple[float, WSGIEnvironment]]
"""The running requests of a worker by thread: start time (`time.perf_counter`) and environ."""

SECONDS_BETWEEN_CHECKS = 1

# The watchdog must fire first, because harakiri does not log the stack. Harakiri counts whole
# seconds, so it may fire up to one second early. A check may run up to one second late. The third
# second is for logging, and for the other requests of the worker.
SECONDS_BEFORE_HARAKIRI = 3

DRAIN_SECONDS = 2
"""Harakiri follows the watchdog after SECONDS_BEFORE_HARAKIRI, whatever runs then."""

SECONDS_BETWEEN_DRAIN_CHECKS = 0.05

log = logging.getLogger(__name__)


def start(uwsgi: Any) -> Running:
    """Start the watchdog thread if uWSGI has harakiri, and return the dictionary that it checks.

    The caller adds each request to the dictionary and removes it when the request has ended.
    Raises ConfigurationError if harakiri is too short.
    """
    running: Running = {}
    if uwsgi and "harakiri" in uwsgi.opt:
        harakiri = int(uwsgi.opt["harakiri"])
        limit = harakiri - SECONDS_BEFORE_HARAKIRI
        if limit < 1:
            raise ConfigurationError(
                f"harakiri is too short ({harakiri} s): set more than {SECONDS_BEFORE_HARAKIRI} s "
                "in infra/uwsgi.yaml."
            )
        watchdog = Watchdog(running, limit)
        threading.Thread(target=watchdog.run, name="watchdog", daemon=True).start()
    return running


class Watchdog:
    """Checks the running requests of a worker."""

    def __init__(self, running: Running, limit: float) -> None:
        """`limit` is the maximum duration of a request in seconds."""
        self._running = running
        self.limit = limit

    def run(self) -> None:
        """Check the requests every second. Kills this process if one exceeds the limit."""
        while True:
            time.sleep(SECONDS_BETWEEN_CHECKS)
            if overdue := self.log_overdue():
                # The worker takes no more requests, and may end the others that it has.
                os.kill(os.getpid(), signal.SIGHUP)
                self.drain(overdue)
                # Python cannot end a thread that is blocked.
                os.kill(os.getpid(), signal.SIGKILL)

    def drain(self, overdue: int) -> None:
        """Wait until no more than the overdue requests run, for at most DRAIN_SECONDS."""
        deadline = time.monotonic() + DRAIN_SECONDS
        while len(self._running) > overdue and time.monotonic() < deadline:
            time.sleep(SECONDS_BETWEEN_DRAIN_CHECKS)

    def log_overdue(self) -> int:
        """Log each request that exceeds the limit, with its stack; returns their number."""
        now = time.perf_counter()
        overdue = [
            (thread, now - started, environ)
            for thread, (started, environ) in self._running.copy().items()
            if now - started >= self.limit
        ]
        for thread, seconds, environ in overdue:
            frame = sys._current_frames().get(thread)
            log.critical(
                "request watchdog: the request exceeds the time limit, killing its worker",
                extra={
                    "request_id": environ.get(ENVIRON_KEY),
                    "method": environ.get("REQUEST_METHOD", "")[:MAX_METHOD],
                    "path": environ.get("PATH_INFO"),
                    "seconds": round(seconds),
                    "stack": "".join(traceback.format_stack(frame)) if frame else None,
                },
            )
        return len(overdue)
