"""Writes log lines under uWSGI, and drops them while nobody reads standard output.

Standard output is a socket to uWSGI's master, which writes the lines of all workers. If nobody
reads what the master writes, a container runtime that hangs for example, the socket fills up. A
request must not wait for that: a line waits for LONGEST_WAIT_SECONDS, and then it and those after
it are dropped and counted until one can be written again.
"""

import os
import select
import stat
import time
from functools import cache

from prometheus_client import Counter

LONGEST_WAIT_SECONDS = 2

LONGEST_UNREAD_SECONDS = 300
"""After this time without a reader of standard output, the liveness probe fails."""

COPY = "LOG_OUTPUT_DESCRIPTOR"
"""The variable with a descriptor of what the master writes to; `flask_chassis.tasks.run` sets it.

`flask_chassis.serving.log_watch` makes it non-blocking while nobody reads it.
"""


def pipe() -> int:
    """Return the descriptor in COPY if it is a pipe, else -1.

    A terminal or a file has other users, who expect that it blocks.
    """
    try:
        descriptor = int(os.environ.get(COPY, "-1"))
        return descriptor if stat.S_ISFIFO(os.fstat(descriptor).st_mode) else -1
    except OSError:  # it was closed at a reload
        return -1


@cache
def dropped_lines() -> Counter:
    """Return the metric. It must not be created before the folder of the metrics is known."""
    return Counter("log_lines_dropped", "Number of log lines dropped as nobody read them.")


class LogOutput:
    """The output of a process. The caller must not write with two threads at the same time."""

    def __init__(self, descriptor: int = 1) -> None:
        self.dropped = 0
        self._since: float | None = None
        self._descriptor = descriptor
        self._pipe = pipe()

    def write(self, line: bytes) -> bool:
        """Write a line, or drop it; returns whether it was written."""
        if self._is_writable(line):
            self._since = None
            return True
        if self._since is None:
            self._since = time.monotonic()
        self.dropped += 1
        dropped_lines().inc()
        return False

    def seconds_unread(self) -> float:
        """Return for how long lines have been dropped; 0 if the last one was written."""
        since = self._since
        return 0 if since is None else time.monotonic() - since

    def _is_writable(self, line: bytes) -> bool:
        if self._pipe >= 0 and not os.get_blocking(self._pipe):
            return False  # the master would drop it
        # A process that has waited once without success does not wait again.
        deadline = time.monotonic() + (LONGEST_WAIT_SECONDS if self._since is None else 0)
        while True:
            try:
                os.write(self._descriptor, line)
            except BlockingIOError:
                left = deadline - time.monotonic()
                if left <= 0 or not select.select([], [self._descriptor], [], left)[1]:
                    return False
            else:
                return True
