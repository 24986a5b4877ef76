"""What is done once, in uWSGI's master, and what each process does first."""

import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from types import ModuleType, SimpleNamespace

import pytest
from prometheus_client import values

from {{ cookiecutter.package_name }}.chassis import end_notice
from {{ cookiecutter.package_name }}.chassis.log_streams import LogStream

from .conftest import Load

Preload = Callable[[], ModuleType]


@pytest.fixture
def preload(load: Load, monkeypatch: pytest.MonkeyPatch) -> Iterator[Preload]:
    """Load the module, as the master does; all that it changes is put back afterwards."""

    def preloads() -> ModuleType:
        for name in ("stdout", "stderr"):
            monkeypatch.setattr(sys, name, getattr(sys, name))
        return load("preload")

    monkeypatch.setattr(values, "ValueClass", values.ValueClass)
    monkeypatch.setattr(end_notice, "_pipe", [])
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


def test_a_worker_can_be_told_to_end_from_its_first_moment(
    uwsgi: SimpleNamespace, preload: Preload
) -> None:
    preload()
    for number in (signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    uwsgi.worker = 1
    uwsgi.post_fork_hook()
    assert signal.getsignal(signal.SIGHUP) == signal.SIG_DFL
    assert signal.getsignal(signal.SIGINT) == signal.SIG_DFL


def test_the_mule_watches_for_the_end_and_serves_the_metrics(
    uwsgi: SimpleNamespace, preload: Preload, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = []
    module = preload()
    # The real one ends its process, which is this one, when there are no workers.
    monkeypatch.setattr(module.ending.Ending, "listen", lambda _: done.append("watches"))
    monkeypatch.setattr(module.metrics_server, "serve", lambda: done.append("serves"))
    uwsgi.worker = 0
    uwsgi.post_fork_hook()
    assert done == ["watches", "serves"]
