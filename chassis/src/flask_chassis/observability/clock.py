"""Logs a warning when the system clock jumps.

A jump has confusing effects: tokens have expired or are not valid yet, timestamps of rows and log
lines are out of order, uWSGI's harakiri fires. The log line explains them. It is also logged after
a suspended machine resumes, because the monotonic clock stops in the meantime.
"""

import logging
import threading
import time

CHECK_INTERVAL_SECONDS = 1

MIN_JUMP_SECONDS = 5
"""Smaller corrections of the clock are common and harmless."""

log = logging.getLogger(__name__)


class Clock:
    """Compares the system clock with the monotonic clock."""

    def __init__(self) -> None:
        self._offset = self._current_offset()

    def watch(self) -> None:
        """Start a daemon thread that checks the clock every second."""
        threading.Thread(target=self._run, name="system clock", daemon=True).start()

    def log_jump(self) -> None:
        """Log a warning with the seconds that the clock has jumped since the previous call."""
        offset = self._current_offset()
        jump = offset - self._offset
        self._offset = offset
        if abs(jump) >= MIN_JUMP_SECONDS:
            log.warning("the system clock has jumped", extra={"seconds": round(jump)})

    def _run(self) -> None:
        while True:
            time.sleep(CHECK_INTERVAL_SECONDS)
            self.log_jump()

    @staticmethod
    def _current_offset() -> float:
        return time.time() - time.monotonic()
