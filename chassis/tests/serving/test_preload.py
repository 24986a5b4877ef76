"""The preload in uWSGI's master, and the initialization of each process."""

import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import ModuleType, SimpleNamespace

import pytest
from prometheus_client import values

from flask_chassis.observability.log_streams import LogStream

from ..conftest import Load

Preload = Callable[[], ModuleType]


@pytest.fixture
def preload(load: Load, monkeypatch: pytest.MonkeyPatch) -> Iterator[Preload]:
    """Load the module, as the master does, and undo its changes afterwards."""

    def preloads() -> ModuleType:
        for name in ("stdout", "stderr"):
            monkeypatch.setattr(sys, name, getattr(sys, name))
        return load("serving.preload")

    monkeypatch.setattr(values, "ValueClass", values.ValueClass)
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "")
    before = {number: signal.getsignal(number) for number in (signal.SIGHUP, signal.SIGINT)}
    yield preloads
    for number, handler in before.items():
        signal.signal(number, handler)
    shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"])


def test_what_is_printed_is_logged(preload: Preload) -> None:
    preload()
    assert isinstance(sys.stdout, LogStream)
    assert isinstance(sys.stderr, LogStream)


def test_a_new_worker_has_the_default_signal_handlers(
    uwsgi: SimpleNamespace, preload: Preload
) -> None:
    preload()
    for number in (signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    uwsgi.worker = 1
    uwsgi.post_fork_hook()
    assert signal.getsignal(signal.SIGHUP) == signal.SIG_DFL
    assert signal.getsignal(signal.SIGINT) == signal.SIG_DFL


def test_the_mule_waits_for_sigterm_and_serves_the_metrics_beside(
    uwsgi: SimpleNamespace, preload: Preload, monkeypatch: pytest.MonkeyPatch
) -> None:
    done, left = [], threading.Event()
    module = preload()

    def leave(code: int) -> None:
        done.append(code)
        left.set()

    ending = module.shutdown.Shutdown
    # The real function would exit this process, because there are no workers.
    monkeypatch.setattr(ending, "watch", lambda _: done.append("workers"))
    monkeypatch.setattr(module.log_watch, "start", lambda: done.append("logs"))
    monkeypatch.setattr(module.metrics_server, "serve", lambda: done.append("metrics"))
    monkeypatch.setattr(module.shutdown, "wait_for_sigterm", lambda: left.wait(10))
    monkeypatch.setattr("os._exit", leave)
    uwsgi.worker = 0
    uwsgi.post_fork_hook()
    # Without the metrics, the mule is of no use: the master starts another one.
    assert done == ["workers", "logs", "metrics", 1]
    assert signal.getsignal(signal.SIGINT) == module.shutdown.shut_down_immediately
