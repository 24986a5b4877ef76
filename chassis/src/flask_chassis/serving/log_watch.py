"""Keeps uWSGI's master from hanging while nobody reads standard output.

The master writes the log lines of all processes, starts workers and handles signals, all in one
thread. So it must not wait for long until somebody reads standard output. The mule watches the
pipe: while nobody reads it, it is non-blocking, so that the master drops lines and goes on.
"""

import logging
import os
import select
import signal
import threading
import time

import uwsgi

from flask_chassis.observability.log_output import LONGEST_WAIT_SECONDS, pipe

CHECK_INTERVAL_SECONDS = 0.5

log = logging.getLogger(__name__)

_full_since: list[float] = []
"""Since when the pipe is full, in seconds of the monotonic clock; empty if it is not."""


def seconds_full() -> float:
    """Return for how long nobody has read standard output; 0 if it can be written to."""
    since = next(iter(_full_since), None)
    return 0 if since is None else time.monotonic() - since


def start() -> None:
    """Start the thread that watches standard output if it is a pipe."""
    descriptor = pipe()
    if descriptor >= 0:
        threading.Thread(target=watch, args=[descriptor], name="log watch", daemon=True).start()


def watch(descriptor: int) -> None:
    """Watch a pipe for as long as this process lives."""
    interrupted_at = 0.0
    while True:
        time.sleep(CHECK_INTERVAL_SECONDS)
        now = time.monotonic()
        if select.select([], [descriptor], [], 0)[1]:
            _full_since.clear()
            if not os.get_blocking(descriptor):
                os.set_blocking(descriptor, True)
                log.warning("standard output is read again")
        elif not _full_since:
            _full_since.append(now)
        elif now - max(_full_since[0], interrupted_at) >= LONGEST_WAIT_SECONDS:
            os.set_blocking(descriptor, False)
            # It ends the write that the master waits in; otherwise uWSGI logs statistics on it.
            os.kill(uwsgi.masterpid(), signal.SIGUSR1)
            interrupted_at = now
