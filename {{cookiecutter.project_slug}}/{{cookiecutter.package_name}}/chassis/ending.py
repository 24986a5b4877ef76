"""Sees to it that every worker hears that the service ends.

uWSGI's master tells the workers that there are at that moment. One that it is just starting does
not hear it, goes on serving, and the service does not end. So the mule, which hears it too, tells
them: it stays until the last worker is gone, and so do the metrics.

Where everything ends at once (Ctrl-C), the signal may reach a thread that a worker is just making.
That one ends Python, waits for all others, and the worker stays. So the mule kills it.
"""

import math
import os
import signal
import threading
import time
from contextlib import suppress
from types import FrameType

import uwsgi

from . import end_notice

SECONDS_BETWEEN_LOOKS = 0.5

# A worker older than this, when the end began, was told by the master.
SECONDS_OF_DOUBT = 2

# A worker this old has made its threads, however little CPU there was for its start; one that is
# younger, and was not stuck, has ended in half a second.
SECONDS_OF_A_START = 30
SECONDS_TO_END = 0.5

# So often there is no worker before this process believes that the service ends, where it was not
# told: of an application that cannot be imported, uWSGI may tell it before it can hear.
LOOKS_OF_DOUBT = 6

NEVER = math.inf


class Ending:
    """The end of the service, in the mule."""

    def __init__(self) -> None:
        self.since = NEVER

    def listen(self) -> None:
        """Be told when it begins."""
        signal.signal(signal.SIGHUP, self._begin)
        signal.signal(signal.SIGINT, end_at_once)
        threading.Thread(target=self._watch, daemon=True).start()

    def _begin(self, number: int, frame: FrameType | None) -> None:
        self.since = time.time()
        end_notice.give()

    def _watch(self) -> None:
        looks_without_workers = 0
        while True:
            time.sleep(SECONDS_BETWEEN_LOOKS)
            workers = tell_workers(self.since - SECONDS_OF_DOUBT, signal.SIGHUP)
            looks_without_workers = 0 if workers else looks_without_workers + 1
            enough = LOOKS_OF_DOUBT if self.since == NEVER else 1
            if looks_without_workers >= enough:
                os._exit(0)


def end_at_once(number: int, frame: FrameType | None) -> None:
    """End the workers that may be stuck in their end, and this process."""
    time.sleep(SECONDS_TO_END)
    tell_workers(time.time() - SECONDS_OF_A_START, signal.SIGKILL)
    os._exit(0)


def tell_workers(since: float, number: int) -> int:
    """Send a signal to the workers started since then, and return how many there are at all."""
    # Before the first start of a worker nothing is known of it.
    workers = [worker for worker in uwsgi.workers() if _lives(worker.get("pid", 0))]
    for worker in workers:
        if worker["last_spawn"] >= since:
            with suppress(ProcessLookupError):
                os.kill(worker["pid"], number)
    return len(workers)


def _lives(pid: int) -> bool:
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
