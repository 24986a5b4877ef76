"""The mule sees to it that the youngest workers hear of the end, and ends with the last one."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from types import SimpleNamespace

import pytest

from .conftest import Load


@pytest.fixture
def workers() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Two processes, which do nothing."""
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    with ExitStack() as stack:
        made = [stack.enter_context(subprocess.Popen(command)) for _ in range(2)]
        yield made
        for process in made:
            process.kill()


def test_the_youngest_are_told_and_the_others_were(
    load: Load, uwsgi: SimpleNamespace, workers: list[subprocess.Popen[bytes]]
) -> None:
    ending, now = load("ending"), time.time()
    old, young = workers
    uwsgi.workers = lambda: [
        {"pid": old.pid, "last_spawn": now - 60},
        {"pid": young.pid, "last_spawn": now},
        {"pid": 0, "last_spawn": now},
        {"id": 4},
    ]
    assert ending.tell_workers(now - 2, signal.SIGHUP) == 2
    assert young.wait(timeout=10) == -signal.SIGHUP
    assert old.poll() is None
    assert ending.tell_workers(now - 2, signal.SIGHUP) == 1
    old.kill()
    old.wait(timeout=10)
    assert ending.tell_workers(now - 2, signal.SIGHUP) == 0


def test_where_everything_ends_at_once_the_youngest_do(
    load: Load,
    uwsgi: SimpleNamespace,
    workers: list[subprocess.Popen[bytes]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ending, (old, young) = load("ending"), workers
    uwsgi.workers = lambda: [
        {"pid": old.pid, "last_spawn": 0},
        {"pid": young.pid, "last_spawn": time.time()},
    ]
    monkeypatch.setattr("os._exit", sys.exit)
    with pytest.raises(SystemExit) as left:
        ending.end_at_once(signal.SIGINT, None)
    assert left.value.code == 0
    assert young.wait(timeout=10) == -signal.SIGKILL
    assert old.poll() is None


@pytest.fixture
def ended(load: Load, monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Watch for the end, quickly; this is set when the mule leaves."""
    ending, left = load("ending"), threading.Event()

    def leave(code: int) -> None:
        left.set()
        raise SystemExit(code)  # which ends the thread

    # Pytest's own takes even this for a fault.
    monkeypatch.setattr(threading, "excepthook", threading.__excepthook__)
    quick = SimpleNamespace(sleep=lambda seconds: time.sleep(0.01), time=time.time)
    monkeypatch.setattr(ending, "time", quick)
    monkeypatch.setattr("os._exit", leave)
    before = {number: signal.getsignal(number) for number in (signal.SIGHUP, signal.SIGINT)}
    ending.Ending().listen()
    yield left
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def alive(uwsgi: SimpleNamespace) -> Iterator[SimpleNamespace]:
    """A worker that lives, and was started long ago."""
    uwsgi.workers = lambda: [{"pid": os.getpid(), "last_spawn": 0}]
    yield uwsgi
    uwsgi.workers = list


def test_the_mule_ends_with_the_last_worker(alive: SimpleNamespace, ended: threading.Event) -> None:
    os.kill(os.getpid(), signal.SIGHUP)
    assert not ended.wait(timeout=0.2)
    alive.workers = list
    assert ended.wait(timeout=10)


def test_the_mule_ends_without_being_told_when_there_are_no_workers(
    alive: SimpleNamespace, ended: threading.Event
) -> None:
    assert not ended.wait(timeout=0.2)
    alive.workers = list
    assert ended.wait(timeout=10)
