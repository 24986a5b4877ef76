"""Waits for a rollout or a Job, and says meanwhile what it waits for."""

import time
from collections.abc import Iterable

from flask_chassis_tools.kubernetes.obstacles import CRASHES, Obstacle

PAUSE_SECONDS = 2.0

SIGN_OF_LIFE_SECONDS = 10.0
"""After so long without a line, one says that it still waits."""

LASTING_SECONDS = 60.0
"""An obstacle that does not go away ends the wait after this time.

Until then, a registry may have stumbled, or an operator may still have to write a Secret.
"""

MOST_RESTARTS = 4
"""After so many, a crash ends the wait. Kubernetes pauses for 10, 20, 40 and 80 seconds between."""


class Watch:
    """A wait of at most `timeout` seconds. `look` says why it ends, or an empty text."""

    def __init__(self, timeout: float) -> None:
        self._begun = self._printed_at = time.monotonic()
        self._timeout = timeout
        self._printed: set[Obstacle] = set()
        # What does not go away, by its place, and since when.
        self._lasting: dict[str, tuple[Obstacle, float]] = {}
        # Of containers that crash, when they were seen first: the cause may be gone by now.
        self._restarts: dict[tuple[str, str], int] = {}

    @property
    def seconds(self) -> float:
        """For how long it has waited."""
        return time.monotonic() - self._begun

    def look(self, obstacles: Iterable[Obstacle], progress: str) -> str:
        """Print what is new, or a sign of life, and return why to wait no longer."""
        now = time.monotonic()
        given = list(obstacles)
        found = list(dict.fromkeys(given))
        for each in found:
            if each not in self._printed:
                self._printed.add(each)
                self._say(str(each))
        if now - self._printed_at >= SIGN_OF_LIFE_SECONDS:
            self._say(f"{progress} ({self.seconds:.0f} s)")
        self._lasting = {
            each.where: (each if each.is_lasting else before, since)
            for each in found
            for before, since in [self._lasting.get(each.where, (each, now))]
            # It fails, and waits, in turns.
            if each.is_lasting or (each.reason == CRASHES and each.where in self._lasting)
        }
        for each in given:
            before = self._restarts.setdefault((each.pod, each.where), each.restarts)
            if MOST_RESTARTS <= each.restarts > before:
                return f"{each}, after {each.restarts} restarts"
        for each, since in self._lasting.values():
            if now - since >= LASTING_SECONDS:
                return str(each)
        return f"not within {self._timeout} s" if self.seconds > self._timeout else ""

    def _say(self, line: str) -> None:
        print(f"  {line}", flush=True)
        self._printed_at = time.monotonic()
