"""Graceful shutdown: the mule signals the youngest workers, and exits after the last worker."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from types import SimpleNamespace

import pytest

from ..clock import time_with
from ..conftest import Load


@pytest.fixture
def workers() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Two processes that sleep."""
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    with ExitStack() as stack:
        made = [stack.enter_context(subprocess.Popen(command)) for _ in range(2)]
        yield made
        for process in made:
            process.kill()


def test_only_the_youngest_workers_receive_the_signal(
    load: Load, uwsgi: SimpleNamespace, workers: list[subprocess.Popen[bytes]]
) -> None:
    shutdown, now = load("serving.shutdown"), time.time()
    old, young = workers
    uwsgi.workers = lambda: [
        {"pid": old.pid, "last_spawn": now - 60},
        {"pid": young.pid, "last_spawn": now},
        {"pid": 0, "last_spawn": now},
        {"id": 4},
    ]
    assert shutdown.signal_workers(now - 2, signal.SIGHUP) == 2
    assert young.wait(timeout=10) == -signal.SIGHUP
    assert old.poll() is None
    assert shutdown.signal_workers(now - 2, signal.SIGHUP) == 1
    old.kill()
    old.wait(timeout=10)
    assert shutdown.signal_workers(now - 2, signal.SIGHUP) == 0


def test_an_immediate_shutdown_kills_the_youngest_workers(
    load: Load,
    uwsgi: SimpleNamespace,
    workers: list[subprocess.Popen[bytes]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shutdown, (old, young) = load("serving.shutdown"), workers
    uwsgi.workers = lambda: [
        {"pid": old.pid, "last_spawn": 0},
        {"pid": young.pid, "last_spawn": time.time()},
    ]
    monkeypatch.setattr("os._exit", sys.exit)
    with pytest.raises(SystemExit) as left:
        shutdown.shut_down_immediately(signal.SIGINT, None)
    assert left.value.code == 0
    assert young.wait(timeout=10) == -signal.SIGKILL
    assert old.poll() is None


@pytest.fixture
def ended(load: Load, monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Check the workers at short intervals; the event is set when the mule exits."""
    shutdown, left = load("serving.shutdown"), threading.Event()

    def leave(code: int) -> None:
        left.set()
        raise SystemExit(code)  # ends the thread

    # Pytest's hook reports SystemExit as an error.
    monkeypatch.setattr(threading, "excepthook", threading.__excepthook__)
    quick = time_with(sleep=lambda seconds: time.sleep(0.01))
    monkeypatch.setattr(shutdown, "time", quick)
    monkeypatch.setattr("os._exit", leave)
    before = {number: signal.getsignal(number) for number in (signal.SIGHUP, signal.SIGINT)}
    ending = shutdown.Shutdown()
    ending.listen()
    ending.watch()
    yield left
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def alive(uwsgi: SimpleNamespace) -> Iterator[SimpleNamespace]:
    """A running worker that was started long ago."""
    uwsgi.workers = lambda: [{"pid": os.getpid(), "last_spawn": 0}]
    yield uwsgi
    uwsgi.workers = list


def test_the_mule_exits_after_the_last_worker(
    alive: SimpleNamespace, ended: threading.Event
) -> None:
    os.kill(os.getpid(), signal.SIGHUP)
    assert not ended.wait(timeout=0.2)
    alive.workers = list
    assert ended.wait(timeout=10)


def test_the_mule_exits_without_a_signal_if_no_worker_is_left(
    alive: SimpleNamespace, ended: threading.Event
) -> None:
    assert not ended.wait(timeout=0.2)
    alive.workers = list
    assert ended.wait(timeout=10)


def test_sigterm_drains_the_queue_before_the_master_hears_of_it(
    load: Load, uwsgi: SimpleNamespace
) -> None:
    shutdown, heard = load("serving.shutdown"), threading.Event()
    before = signal.signal(signal.SIGHUP, lambda *_: heard.set())
    try:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            uwsgi.sockets = [listener.fileno()]
            shutdown.prepare()
            mule = threading.Thread(target=uwsgi.signals[signal.SIGTERM], args=[signal.SIGTERM])
            with socket.create_connection(listener.getsockname()):
                mule.start()
                assert not heard.wait(0.5)
                accepted, _ = listener.accept()
                with accepted:
                    assert heard.wait(10)
            mule.join(10)
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(listener.getsockname())
    finally:
        signal.signal(signal.SIGHUP, before)
