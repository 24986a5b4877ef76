"""The mule sees for how long nobody has read standard output."""

import os
from collections.abc import Callable

import pytest

from ..clock import time_with
from ..conftest import Load


class EndOfTestError(Exception):
    """Ends the loop that watches for as long as its process lives."""


def test_a_full_pipe_is_seen_until_somebody_reads_it(
    load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = load("serving.log_watch")
    reading, writing = os.pipe()
    seen: list[float] = []

    def fill() -> None:
        os.set_blocking(writing, False)
        with pytest.raises(BlockingIOError):
            while True:
                os.write(writing, bytes(65_536))
        os.set_blocking(writing, True)

    def note() -> None:
        seen.append(module.seconds_full())

    def drain() -> None:
        note()
        os.set_blocking(reading, False)
        while len(os.read(reading, 1_000_000)) == 1_000_000:
            pass

    def end() -> None:
        note()
        raise EndOfTestError

    # Each before a look: the pipe is empty, full, full for longer, and empty again.
    steps = iter([note, fill, note, drain, end])

    def pause(seconds: float) -> None:
        step: Callable[[], None] = next(steps)
        step()

    monkeypatch.setattr(module, "time", time_with(sleep=pause))
    try:
        with pytest.raises(EndOfTestError):
            module.watch(writing)
    finally:
        os.close(reading)
        os.close(writing)
    empty, full, longer, read = seen
    assert (empty, read) == (0, 0)
    assert 0 < full < longer
