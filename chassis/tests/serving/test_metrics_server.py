"""The metrics of all workers are added up and served beside them, and whether the service lives."""

import os
import shutil
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from prometheus_client import CollectorRegistry, Counter, values

from flask_chassis.serving import network
from flask_chassis.testing import free_port

from ..clock import time_with
from ..conftest import Load


@pytest.fixture
def server(load: Load, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The module under test, with a folder of metrics that belongs to this test."""
    monkeypatch.setattr(values, "ValueClass", values.ValueClass)
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "")
    load("observability.metrics_folder").prepare()
    yield load("serving.metrics_server")
    shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"])


@pytest.fixture
def port(server: ModuleType) -> Iterator[int]:
    """Where the metrics are served."""
    with ThreadingHTTPServer(("127.0.0.1", 0), server.Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield listening.server_port
        listening.shutdown()
        thread.join()


def get(port: int, path: str = "/metrics") -> list[str]:
    """Return the lines of an answer."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://127.0.0.1:{port}{path}", timeout=5) as response:
        lines: list[str] = response.read().decode().splitlines()
        return lines


def test_workers_are_added_up_and_a_new_one_counts_on(uwsgi: SimpleNamespace, port: int) -> None:
    for worker in (1, 2, 1):  # the last one in the place of the first
        uwsgi.worker = worker
        Counter("probes", "Probes.", registry=CollectorRegistry()).inc()
    assert "probes_total 3.0" in get(port)


def test_the_workers_themselves_are_told(port: int) -> None:
    lines = get(port, "/metrics?name[]=any")
    assert "uwsgi_listen_queue 3.0" in lines
    assert 'uwsgi_worker_busy{worker="1"} 1.0' in lines
    assert 'uwsgi_worker_busy{worker="2"} 0.0' in lines
    assert 'uwsgi_worker_resident_bytes{worker="2"} 2000.0' in lines
    assert 'uwsgi_worker_starts_total{worker="2"} 4.0' in lines


def test_the_service_is_live_while_its_output_is_read(port: int) -> None:
    assert get(port, "/health/live") == ['{"status": "ok"}']


def test_output_that_nobody_reads_for_long_is_a_reason_for_a_restart(
    server: ModuleType, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    longest = server.LONGEST_UNREAD_SECONDS
    monkeypatch.setattr(server.log_watch, "_full_since", [time.monotonic() - longest + 30])
    assert get(port, "/health/live") == ['{"status": "ok"}']
    monkeypatch.setattr(server.log_watch, "_full_since", [time.monotonic() - longest - 1])
    with pytest.raises(urllib.error.HTTPError, match="503") as refused:
        get(port, "/health/live")
    with refused.value as answer:
        assert b"standard output" in answer.read()


def test_nothing_else_is_served(port: int) -> None:
    with pytest.raises(urllib.error.HTTPError, match="404") as refused:
        get(port, "/")
    refused.value.close()


def test_an_unreadable_file_fails_the_scrape_and_is_logged(
    port: int, caplog: pytest.LogCaptureFixture
) -> None:
    (Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]) / "counter_1.db").write_bytes(b"")
    with pytest.raises(urllib.error.HTTPError, match="500") as refused:
        get(port)
    refused.value.close()
    assert "cannot collect the metrics" in caplog.text


def test_a_scrape_is_not_logged(port: int, capfd: pytest.CaptureFixture[str]) -> None:
    get(port)
    assert capfd.readouterr() == ("", "")


EVERYWHERE = "::" if network.has_dual_stack() else "0.0.0.0"  # noqa: S104


@pytest.mark.parametrize(
    ("mule", "host"),
    [
        ("metrics-on-:{}", EVERYWHERE),  # it is in containers
        ("metrics-on-127.0.0.1:{}", "127.0.0.1"),
        ("metrics-on-[::1]:{}", "::1"),
        ("metrics-on-{}", EVERYWHERE),  # as before there was a host
    ],
)
def test_host_and_port_are_those_of_the_configuration(
    uwsgi: SimpleNamespace,
    server: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    mule: str,
    host: str,
) -> None:
    listening = []
    monkeypatch.setattr(ThreadingHTTPServer, "serve_forever", lambda self: listening.append(self))
    port = free_port()
    uwsgi.opt["mule"] = mule.format(port).encode()
    server.serve()
    [found] = listening
    assert found.server_address[:2] == (host, port)
    found.server_close()


def test_a_port_that_is_taken_is_told(
    uwsgi: SimpleNamespace,
    server: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(server, "time", time_with(sleep=waited.append))
    with socket.create_server(("", 0)) as taken:
        port = taken.getsockname()[1]
        uwsgi.opt["mule"] = f"metrics-on-{port}".encode()
        with pytest.raises(SystemExit, match="1"):
            server.serve()
    assert f"cannot listen on the metrics port {port}" in caplog.text
    assert waited == [5]
