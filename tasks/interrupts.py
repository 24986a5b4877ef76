"""Holds interrupts back while something is begun that somebody has to end."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Ctrl-C, what a supervisor sends, and what a terminal sends when it is closed."""


@contextmanager
def held_back() -> Iterator[None]:
    """Let a block finish before an interrupt raises its exception.

    Between the start of a process and the assignment of its name, an exception would leave the
    process behind: nobody would know of it. A signal that is ignored, or ends this process at once,
    stays as it is. Threads other than the main one get no exceptions of signals.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    arrived: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        arrived.append(number)

    handlers = {number: signal.getsignal(number) for number in STOPS}
    raising = {number: each for number, each in handlers.items() if callable(each)}
    for number in raising:
        signal.signal(number, note)
    try:
        yield
    finally:
        for number, handler in raising.items():
            signal.signal(number, handler)
        if arrived:
            signal.raise_signal(arrived[0])
