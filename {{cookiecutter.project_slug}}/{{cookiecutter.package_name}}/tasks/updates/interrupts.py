"""What becomes of an update that is asked to end: it puts away what it has, or ends a bit later."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn


@contextmanager
def ended_by_term() -> Iterator[None]:
    """Let a request to end be an exception, as Ctrl-C is one."""
    with _handled(_end, signal.SIGTERM, signal.SIGHUP):
        yield


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let signals that ask to end wait."""
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
    # In the main thread, as signals reach no other; and what is ignored, as by nohup, stays so.
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
