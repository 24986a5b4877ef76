"""Requests without a pause, from a few callers at a time, until the block ends."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from types import TracebackType
from typing import Self

import requests

LONGEST_SECONDS = 90
"""A load ends by itself then, whatever becomes of who has begun it."""

Call = Callable[[requests.Session], requests.Response]


class Load:
    """Counts the statuses of the answers; no answer counts as 0."""

    def __init__(self, call: Call, callers: int = 4, pause: float = 0.01) -> None:
        """`call` makes one request; each caller waits for the `pause` between two."""
        self.call = call
        self.pause = pause
        self.statuses: Counter[int] = Counter()
        self.slowest = 0.0
        self.faults: list[str] = []
        self._ends = threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(callers)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ends.set()
        for thread in self._threads:
            thread.join()

    @property
    def failed(self) -> int:
        """How many requests failed."""
        return sum(count for status, count in self.statuses.items() if not 200 <= status < 400)

    def _run(self) -> None:
        deadline = time.monotonic() + LONGEST_SECONDS
        with requests.Session() as session:
            while not self._ends.is_set() and time.monotonic() < deadline:
                started = time.monotonic()
                try:
                    answer = self.call(session)
                    status = answer.status_code
                    if status >= 400:
                        self.faults.append(answer.text[:200])
                except requests.RequestException as error:
                    status = 0
                    self.faults.append(str(error)[:200])
                self.slowest = max(self.slowest, time.monotonic() - started)
                self.statuses[status] += 1
                time.sleep(self.pause)
