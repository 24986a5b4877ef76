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
    ]
    assert ending.tell_workers(now) == 2
    assert young.wait(timeout=10) == -signal.SIGHUP
    assert old.poll() is None
    assert ending.tell_workers(now) == 1
    old.kill()
    old.wait(timeout=10)
    assert ending.tell_workers(now) == 0


def test_the_mule_ends_with_the_last_worker(
    load: Load, uwsgi: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    ending, ended, looked = load("ending"), threading.Event(), threading.Event()

    def sleep(seconds: float) -> None:
        looked.set()
        time.sleep(0.01)

    def leave(code: int) -> None:
        ended.set()
        raise SystemExit(code)  # which ends the thread

    uwsgi.workers = list
    monkeypatch.setattr(ending, "time", SimpleNamespace(sleep=sleep, time=time.time))
    monkeypatch.setattr("os._exit", leave)
    before = signal.getsignal(signal.SIGHUP)
    ending.Ending().listen()
    assert looked.wait(timeout=10)
    assert not ended.is_set()
    os.kill(os.getpid(), signal.SIGHUP)
    assert ended.wait(timeout=10)
    signal.signal(signal.SIGHUP, before)
