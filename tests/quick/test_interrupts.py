"""An interrupt waits until what somebody has to end has a name."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from tasks.interrupts import STOPS, held_back


@pytest.fixture(autouse=True)
def _handlers() -> Iterator[None]:
    """Have the handlers afterwards that were there before."""
    before = {number: signal.getsignal(number) for number in STOPS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", STOPS)
def test_an_interrupt_comes_after_the_block(number: signal.Signals) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(number, interrupt)
    finished = []
    with pytest.raises(KeyboardInterrupt), held_back():
        signal.raise_signal(number)
        finished.append(True)
    assert finished
    assert signal.getsignal(number) is interrupt


def test_without_an_interrupt_nothing_happens() -> None:
    before = [signal.getsignal(number) for number in STOPS]
    with held_back():
        pass
    assert [signal.getsignal(number) for number in STOPS] == before


def test_a_signal_that_is_ignored_stays_ignored_also_in_what_is_begun() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    program = "import signal; print(signal.getsignal(signal.SIGHUP) is signal.SIG_IGN)"
    with held_back():
        signal.raise_signal(signal.SIGHUP)
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "True\n"


def test_an_error_of_the_block_is_not_lost() -> None:
    with pytest.raises(OSError, match="no such program"), held_back():
        raise OSError("no such program")


def test_another_thread_has_no_signals_to_hold_back() -> None:
    done = []

    def run() -> None:
        with held_back():
            done.append(True)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert done
