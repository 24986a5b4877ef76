"""What stands in the place of the module `time` in one module.

A test never replaces a function of `time` itself: threads of other tests' services, such as the one
that watches the system clock, would call the replacement too.
"""

import time
from types import SimpleNamespace
from typing import Any


def time_with(**replaced: Any) -> SimpleNamespace:
    """Return the functions of `time`, some of them replaced."""
    return SimpleNamespace(**{**vars(time), **replaced})


class Clock:
    """Both clocks of the machine."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def time(self) -> float:
        """Return the seconds since the epoch."""
        return self.now

    monotonic = time
