"""Logs when the clock of the machine jumps.

All at once tokens have expired, or are from the future; timestamps of rows and of log lines lie far
apart; uWSGI takes requests for stuck. A line about it spares the search. A machine that slept is
told as well: its clock stood still.
"""

import logging
import threading
import time

SECONDS_BETWEEN_LOOKS = 1

LEAST_SECONDS = 5
"""Less than this is set right all the time, and does no harm."""

log = logging.getLogger(__name__)


class Clock:
    """The machine's clock, beside the one that only ever counts on."""

    def __init__(self) -> None:
        self._apart = self._difference()

    def watch(self) -> None:
        """Look again and again, on a thread of its own."""
        threading.Thread(target=self._forever, name="clock", daemon=True).start()

    def log_jump(self) -> None:
        """Log by how many seconds it has jumped since the last look, where it has."""
        apart = self._difference()
        jump = apart - self._apart
        self._apart = apart
        if abs(jump) >= LEAST_SECONDS:
            log.warning("the clock of the machine has jumped", extra={"seconds": round(jump)})

    def _forever(self) -> None:
        while True:
            time.sleep(SECONDS_BETWEEN_LOOKS)
            self.log_jump()

    @staticmethod
    def _difference() -> float:
        return time.time() - time.monotonic()
