"""uWSGI's workers: how they share the work, are replaced, and end."""

import os
import re
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.client import HTTPException, RemoteDisconnected
from pathlib import Path

import pytest

from tests.full.uwsgi_process import (
    Rendered,
    Uwsgi,
    eventually,
    leak,
    sections,
    started,
)

SECRET = "hunter2-not-to-be-logged"
TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl"


def test_each_worker_imports_the_application_itself(served: Uwsgi) -> None:
    # lazy-apps: were it the master, there would be one.
    # What a worker logs goes through the master, and so may come after its first answer.
    eventually(
        lambda: len(served.records(logger="start", message="imported")) == 2, "once each", served
    )


def test_workers_do_not_make_the_same_request_ids(
    rendered_service: Rendered, tmp_path: Path
) -> None:
    """They are forked from one process, and could begin to count at the same number."""
    with started(rendered_service, tmp_path) as uwsgi, ThreadPoolExecutor(16) as pool:
        # More at a time than one of them takes.
        answers = list(pool.map(uwsgi.ask, ["/wait/1.0"] * 32))
        assert len({answer.json["pid"] for answer in answers}) == 2
        assert len({answer.headers["X-Request-ID"] for answer in answers}) == 32


def test_a_worker_handles_several_requests_at_a_time(
    rendered_service: Rendered, tmp_path: Path
) -> None:
    with started(rendered_service, tmp_path, "--workers=1") as uwsgi:
        start = time.monotonic()
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(uwsgi.ask, ["/wait/2.0"] * 8))
        assert {answer.status for answer in answers} == {200}
        assert time.monotonic() - start < 8


def test_a_worker_that_leaks_is_replaced(rendered_service: Rendered, tmp_path: Path) -> None:
    with started(
        rendered_service, tmp_path, "--reload-on-rss=150", "--min-worker-lifetime=1"
    ) as uwsgi:
        leak(uwsgi)
        eventually(lambda: len(uwsgi.members()) == 4, "none took its place", uwsgi)
        assert uwsgi.ask().status == 200
        assert uwsgi.records()
    assert re.search(r"^  reload-on-rss: \d+$", sections(rendered_service)["uwsgi"], re.MULTILINE)


@pytest.mark.parametrize("gevent", [False, True])
def test_a_stuck_request_is_ended_while_others_are_served(
    rendered_service: Rendered, tmp_path: Path, gevent: bool
) -> None:
    if gevent:
        skip_without_gevent(rendered_service)
    options = ["--workers=1", "--harakiri=5"]
    with started(rendered_service, tmp_path, *options, gevent=gevent) as uwsgi:
        with ThreadPoolExecutor(1) as pool:
            headers = {"X-Request-ID": "stuck"}
            stuck = pool.submit(uwsgi.ask, f"/wait/600.0?token={SECRET}", headers=headers)
            # Each of them gives the worker a deadline of its own, and takes it away.
            served = 0
            while not stuck.done():
                try:
                    served += uwsgi.ask("/items/1/").status == 200
                except (OSError, HTTPException):
                    continue
            assert isinstance(stuck.exception(), RemoteDisconnected | ConnectionResetError)
        assert served > 10
        eventually(lambda: uwsgi.ask().status == 200, "none took its place", uwsgi)
        assert uwsgi.says("worker 1 (pid: ")
        [record, *_] = uwsgi.records(level="CRITICAL", request_id="stuck")
        assert record["path"] == "/wait/600.0"
        assert gevent or "time.sleep(seconds)" in record["stack"]
        assert SECRET not in uwsgi.stdout
    assert "  harakiri: 45\n" in sections(rendered_service)["production"]


def test_no_process_outlives_the_master(rendered_service: Rendered, tmp_path: Path) -> None:
    with started(rendered_service, tmp_path) as uwsgi:
        assert len(uwsgi.members()) == 4
        uwsgi.send(signal.SIGKILL)
        uwsgi.process.wait()
        eventually(lambda: uwsgi.members() == [], "some live on")


def test_sigterm_lets_a_running_request_end(rendered_service: Rendered, tmp_path: Path) -> None:
    with started(rendered_service, tmp_path) as uwsgi:
        with ThreadPoolExecutor(1) as pool:
            request = pool.submit(uwsgi.ask, "/wait/2.0")
            time.sleep(0.5)
            uwsgi.send(signal.SIGTERM)
            assert request.result().status == 200
        assert uwsgi.wait_for_end() == 0
        assert uwsgi.members() == []
        assert list(tmp_path.iterdir()) == []
        # The last that happened is in the log, and the log ends with a whole line.
        assert uwsgi.records(logger="access", route="/wait/<float:seconds>")
        assert uwsgi.says("GAME OVER")
        assert uwsgi.stdout.endswith("\n")
        assert uwsgi.stderr == ""


def test_sigterm_ends_a_service_that_is_just_starting_its_workers(
    rendered_service: Rendered, tmp_path: Path
) -> None:
    for number in range(4):
        uwsgi = Uwsgi(rendered_service, tmp_path)
        try:
            eventually(partial(uwsgi.says, "spawned uWSGI mule"), "it does not start", uwsgi)
            time.sleep(number / 20)
            uwsgi.send(signal.SIGTERM)
            assert uwsgi.wait_for_end() in {0, -signal.SIGTERM}
            assert uwsgi.members() == []
        finally:
            uwsgi.end()


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
def test_workers_that_hear_nothing_while_they_start_end_too(
    rendered_service: Rendered, tmp_path: Path, signal_number: signal.Signals
) -> None:
    uwsgi = Uwsgi(rendered_service, tmp_path, application="deaf:application")
    try:
        eventually(partial(uwsgi.says, "imports"), "it does not start", uwsgi)
        # Before the mule hears signals, it is worker-reload-mercy that ends them.
        eventually(lambda: bool(uwsgi.metrics()), "its metrics are not there", uwsgi)
        assert not uwsgi.says("WSGI app 0")
        uwsgi.send(signal_number)
        assert uwsgi.wait_for_end() == 0
        assert uwsgi.members() == []
    finally:
        uwsgi.end()


def test_sigterm_ends_a_service_that_is_just_replacing_a_worker(
    rendered_service: Rendered, tmp_path: Path
) -> None:
    for number in range(4):
        with started(rendered_service, tmp_path) as uwsgi:
            os.kill(uwsgi.ask().json["pid"], signal.SIGKILL)
            time.sleep(number / 200)
            uwsgi.send(signal.SIGTERM)
            assert uwsgi.wait_for_end() == 0
            assert uwsgi.members() == []


def test_sigint_ends_everything(rendered_service: Rendered, tmp_path: Path) -> None:
    with started(rendered_service, tmp_path) as uwsgi:
        uwsgi.send(signal.SIGINT)
        uwsgi.wait_for_end()
        assert uwsgi.members() == []
        assert list(tmp_path.iterdir()) == []
        assert uwsgi.records()


def skip_without_gevent(rendered: Rendered) -> None:
    if not list(rendered.bin.parent.glob("lib/python*/site-packages/gevent")):
        pytest.skip("the service is installed without its extra `gevent`")


def test_gevent_serves_many_requests_at_a_time(rendered_service: Rendered, tmp_path: Path) -> None:
    skip_without_gevent(rendered_service)
    with started(rendered_service, tmp_path, "--workers=1", gevent=True) as uwsgi:
        start = time.monotonic()
        with ThreadPoolExecutor(40) as pool:
            answers = list(pool.map(uwsgi.ask, ["/wait/2.0"] * 40))
        assert {answer.status for answer in answers} == {200}
        assert time.monotonic() - start < 20
        assert uwsgi.requests_counted(route="/wait/<float:seconds>") == 40
        with ThreadPoolExecutor(1) as pool:
            request = pool.submit(uwsgi.ask, "/wait/2.0")
            time.sleep(0.5)
            uwsgi.send(signal.SIGTERM)
            assert request.result().status == 200
        assert uwsgi.wait_for_end() == 0
        assert len(uwsgi.records(logger="access", route="/wait/<float:seconds>")) == 41
