"""Graceful shutdown: drains the listening sockets and makes sure that every worker shuts down.

uWSGI's master hands SIGTERM to its mule, this process (infra/uwsgi.yaml: uwsgi_route_signal). The
mule refuses new connections and lets the workers accept those in the queue, which would otherwise
be reset when the master exits. Then it sends SIGHUP to the master, which passes it on to all
workers.

On SIGHUP the workers finish their requests (connection draining) and exit. A worker that is just
starting misses the signal, continues to serve, and the service never stops. The mule, which
receives SIGHUP as well, therefore sends it to these workers. It exits after the last worker, so
that metrics are available until then.

On an immediate shutdown (SIGINT, Ctrl-C), the signal may reach a thread that a worker is just
creating. This thread finalizes Python, which waits for all other threads, and the worker never
exits. The mule therefore kills such workers.
"""

import math
import os
import signal
import threading
import time
from contextlib import suppress
from types import FrameType

import uwsgi

from flask_chassis.serving import listen_sockets

CHECK_INTERVAL_SECONDS = 0.5

SIGNAL_MARGIN_SECONDS = 2
"""The master has sent the signal to each worker that was older than this at the shutdown."""

START_SECONDS = 30
"""A worker older than this has created its threads, however slow its start was."""

EXIT_SECONDS = 0.5
"""A worker that is not blocked exits within this time after SIGINT."""

CHECKS_WITHOUT_WORKERS = 6
"""The mule exits after so many checks without workers if it has not received a signal.

If the application cannot be imported, uWSGI may send the signal before the mule can receive it.
"""

DRAIN_SECONDS = 5
"""The queue is drained within this time, or the workers are too busy to accept what is in it."""

SIGNAL_SECONDS = 0.2
"""The master has passed on the signal within this time, and the workers accept no connection."""

NEVER = math.inf


def prepare() -> None:
    """Let the master hand SIGTERM to the mule. Call this in the master, before it forks."""
    # uWSGI closes its own descriptors of them in the mule.
    sockets = listen_sockets.duplicates(uwsgi.sockets)

    def shut_down(number: int) -> None:
        listen_sockets.drain(sockets, DRAIN_SECONDS)
        os.kill(uwsgi.masterpid(), signal.SIGHUP)
        # A worker that still accepts connections would get an error for each attempt.
        time.sleep(SIGNAL_SECONDS)
        listen_sockets.close(sockets)

    uwsgi.register_signal(signal.SIGTERM, "mules", shut_down)


class Shutdown:
    """The shutdown of the service, in the mule."""

    def __init__(self) -> None:
        self.since = NEVER

    def listen(self) -> None:
        """Install the signal handlers. Call this in the main thread."""
        signal.signal(signal.SIGHUP, self._begin)
        signal.signal(signal.SIGINT, shut_down_immediately)

    def watch(self) -> None:
        """Start the thread that checks the workers."""
        threading.Thread(target=self._check_workers, name="shutdown", daemon=True).start()

    def _begin(self, number: int, frame: FrameType | None) -> None:
        self.since = time.time()

    def _check_workers(self) -> None:
        checks = 0
        while True:
            time.sleep(CHECK_INTERVAL_SECONDS)
            workers = signal_workers(self.since - SIGNAL_MARGIN_SECONDS, signal.SIGHUP)
            checks = 0 if workers else checks + 1
            if checks >= (CHECKS_WITHOUT_WORKERS if self.since == NEVER else 1):
                os._exit(0)


def wait_for_sigterm() -> None:
    """Call the registered handler when the master hands on SIGTERM; never returns.

    Call this in the main thread: in others, uWSGI refuses it on Python 3.13. It waits in C code, so
    that nothing else runs in this thread but the handlers of signals.
    """
    while True:
        with suppress(SystemError):  # another signal has interrupted it
            uwsgi.signal_wait()


def shut_down_immediately(number: int, frame: FrameType | None) -> None:
    """Handle SIGINT: kill the workers that may be unable to exit, then exit this process."""
    time.sleep(EXIT_SECONDS)
    signal_workers(time.time() - START_SECONDS, signal.SIGKILL)
    os._exit(0)


def signal_workers(since: float, number: int) -> int:
    """Send a signal to the workers that were started after `since`, in seconds since the epoch.

    Returns the number of all running workers.
    """
    # Before its first start, a worker has no pid.
    workers = [worker for worker in uwsgi.workers() if _is_running(worker.get("pid", 0))]
    for worker in workers:
        if worker["last_spawn"] >= since:
            with suppress(ProcessLookupError):
                os.kill(worker["pid"], number)
    return len(workers)


def _is_running(pid: int) -> bool:
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
