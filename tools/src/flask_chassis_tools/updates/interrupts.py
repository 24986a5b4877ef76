"""Handles signals: an update cleans up when it is interrupted, or defers the signal."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn


@contextmanager
def ended_by_term() -> Iterator[None]:
    """Turn SIGTERM and SIGHUP into an exception, like Ctrl-C."""
    with _handled(_end, signal.SIGTERM, signal.SIGHUP):
        yield


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Defer SIGINT, SIGTERM and SIGHUP."""
    waiting: list[int] = []
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    try:
        with _handled(lambda number, _: waiting.append(number), *numbers):
            yield
    finally:
        for number in waiting:
            signal.raise_signal(number)


@contextmanager
def _handled(handler: Callable[[int, Any], Any], *numbers: signal.Signals) -> Iterator[None]:
    before = {}
    # Only the main thread receives signals. Ignored signals, as with nohup, stay ignored.
    if threading.current_thread() is threading.main_thread():
        for number in numbers:
            if signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, handler)
    try:
        yield
    finally:
        for number, known in before.items():
            signal.signal(number, known)


def _end(number: int, _: object) -> NoReturn:
    raise SystemExit(128 + number)
