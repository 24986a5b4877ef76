"""A rendered service under uWSGI: each option of infra/uwsgi.yaml in a test where it acts."""

import json
import os
import re
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from http.client import HTTPException, RemoteDisconnected
from itertools import count
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest
import yaml

from tests.full.uwsgi_process import (
    APPS,
    Rendered,
    Uwsgi,
    app_of,
    eventually,
    free_port,
    sections,
    started,
)

SECRET = "hunter2-not-to-be-logged"
TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl"


@pytest.fixture(scope="module")
def running(
    rendered_service: Rendered, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Uwsgi]:
    """A service for the tests that leave it as it is."""
    with started(rendered_service, tmp_path_factory.mktemp("running")) as uwsgi:
        yield uwsgi


# The file.


def test_it_is_yaml_without_a_key_twice(rendered_service: Rendered) -> None:
    class NoKeyTwice(yaml.SafeLoader):
        pass

    def mapping(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        assert len(keys) == len(set(keys)), keys
        return loader.construct_mapping(node, deep=True)

    NoKeyTwice.add_constructor("tag:yaml.org,2002:map", mapping)
    text = (rendered_service.path / "infra/uwsgi.yaml").read_text()
    found = yaml.load(text, NoKeyTwice)  # noqa: S506 - a safe loader
    assert set(found) == {
        "uwsgi",
        app_of(rendered_service),
        "development",
        "production",
        "gevent",
    }


def test_uwsgi_reads_in_it_what_yaml_reads(rendered_service: Rendered) -> None:
    text = (rendered_service.path / "infra/uwsgi.yaml").read_text()
    plain = {
        name: dict(re.findall(r"^  ([a-z0-9-]+): (.+?) *$", lines, re.MULTILINE))
        for name, lines in sections(rendered_service).items()
    }
    read = {
        name: {key: str(value) for key, value in options.items()}
        for name, options in yaml.safe_load(text).items()
    }
    assert {
        name: {key: {"true": "True"}.get(value, value) for key, value in options.items()}
        for name, options in plain.items()
    } == read


def test_it_works_after_a_formatter(rendered_service: Rendered, tmp_path: Path) -> None:
    read = yaml.safe_load((rendered_service.path / "infra/uwsgi.yaml").read_text())
    formatted = tmp_path / "uwsgi.yaml"
    formatted.write_text(yaml.safe_dump(read, sort_keys=False, width=1000, explicit_start=True))
    with started(rendered_service, tmp_path, config=formatted) as uwsgi:
        assert uwsgi.ask("/items/1/").status == 200
        uwsgi.send(signal.SIGTERM)
        assert uwsgi.wait_for_end() == 0
        assert uwsgi.records(logger="access", route="/items/<int:number>/")


# The start.


def test_a_misspelt_option_stops_the_start(rendered_service: Rendered, tmp_path: Path) -> None:
    config = tmp_path / "uwsgi.yaml"
    text = (rendered_service.path / "infra/uwsgi.yaml").read_text()
    config.write_text(text.replace("  need-app:", "  ned-app:"))
    uwsgi = Uwsgi(rendered_service, tmp_path, config=config)
    assert uwsgi.wait_for_end() == 1
    assert uwsgi.says("ned-app")
    assert uwsgi.stderr == ""


@pytest.mark.parametrize("stage", ["prodution", "uwsgi:", "mule"])
def test_a_section_that_does_not_exist_stops_the_start(
    rendered_service: Rendered, tmp_path: Path, stage: str
) -> None:
    uwsgi = Uwsgi(rendered_service, tmp_path, stage=stage)
    assert uwsgi.wait_for_end() == 2
    [record] = uwsgi.records()
    assert f"no section {stage}" in record["message"]
    assert "production, development" in record["message"]


def test_a_missing_file_stops_the_start(rendered_service: Rendered, tmp_path: Path) -> None:
    uwsgi = Uwsgi(rendered_service, tmp_path, config=tmp_path / "uwsgi.yaml")
    assert uwsgi.wait_for_end() == 2
    assert uwsgi.says("does not exist")


@pytest.mark.parametrize(
    ("application", "exception"),
    [("missing:application", "ModuleNotFoundError"), ("broken", "this application is broken")],
)
def test_an_application_that_cannot_be_imported_stops_the_start(
    rendered_service: Rendered, tmp_path: Path, application: str, exception: str
) -> None:
    uwsgi = Uwsgi(rendered_service, tmp_path, application=application)
    assert uwsgi.wait_for_end() == 22
    uncaught = uwsgi.records(logger="uncaught", level="CRITICAL")
    assert uncaught
    assert all(exception in record["exc_info"] for record in uncaught)
    assert uwsgi.stderr == ""


def test_a_port_in_use_stops_the_start(
    running: Uwsgi, rendered_service: Rendered, tmp_path: Path
) -> None:
    uwsgi = Uwsgi(rendered_service, tmp_path, port=running.port)
    assert uwsgi.wait_for_end() == 1
    assert uwsgi.says("Address already in use")
    assert uwsgi.records()


def test_it_serves_without_its_metrics_where_their_port_is_in_use(
    running: Uwsgi, rendered_service: Rendered, tmp_path: Path
) -> None:
    uwsgi = Uwsgi(rendered_service, tmp_path, metrics_port=running.metrics_port)
    try:
        eventually(lambda: uwsgi.ask().status == 200, "it does not answer", uwsgi)
        eventually(lambda: uwsgi.says("cannot be listened on"), "it does not say why", uwsgi)
    finally:
        uwsgi.end()


def test_the_ports_are_those_of_the_file_unless_others_are_asked_for(
    rendered_service: Rendered, tmp_path: Path
) -> None:
    config = tmp_path / "uwsgi.yaml"
    text = (rendered_service.path / "infra/uwsgi.yaml").read_text()
    port, metrics_port = free_port(), free_port()
    text, first = re.subn(r"(set-placeholder: port)=\d+", rf"\1={port}", text)
    text, second = re.subn(r"(set-ph: metrics-port)=\d+", rf"\1={metrics_port}", text)
    assert (first, second) == (1, 1)
    config.write_text(text)
    with started(rendered_service, tmp_path, config=config) as asked_for_others:
        assert asked_for_others.port != port
    uwsgi = Uwsgi(rendered_service, tmp_path, config=config, port=port, metrics_port=metrics_port)
    try:
        uwsgi.wait_until_ready()
    finally:
        uwsgi.end()


def test_the_plain_command_works_too(rendered_service: Rendered, tmp_path: Path) -> None:
    with started(rendered_service, tmp_path, plainly=True) as uwsgi:
        assert uwsgi.ask("/items/1/").json == {"number": 1}
        assert uwsgi.requests_counted(route="/items/<int:number>/") == 1
        uwsgi.send(signal.SIGTERM)
        assert uwsgi.wait_for_end() == 0
        assert uwsgi.records(logger="access", route="/items/<int:number>/")
        # uWSGI's lines from before its logs are set up.
        assert re.fullmatch(r"(\[(uWSGI|log-encoder)\] .*\n)*", uwsgi.stderr)


def test_a_change_of_the_code_reloads_it_in_development(
    rendered_service: Rendered, tmp_path: Path
) -> None:
    changed = tmp_path / "changing.py"
    copyfile(APPS / "misbehaving.py", changed)
    with started(
        rendered_service,
        tmp_path,
        f"--pythonpath={tmp_path}",
        stage="development",
        application="changing:application",
    ) as uwsgi:
        before = uwsgi.ask().json["pid"]
        times = count(time.time())

        def reloaded() -> bool:
            os.utime(changed, (0, next(times)))
            return bool(uwsgi.ask().json["pid"] != before)

        eventually(reloaded, "it was not reloaded", uwsgi)


# Workers.


def test_each_worker_imports_the_application_itself(running: Uwsgi) -> None:
    # lazy-apps: were it the master, there would be one.
    assert len(running.records(logger="start", message="imported")) == 2


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
    options = ["--workers=1", "--harakiri=4"]
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


def leak(uwsgi: Uwsgi) -> None:
    """Have a worker leak until it is replaced, which none is before it has lived for a while."""
    leaking = uwsgi.ask("/leak/200").json["pid"]

    def replaced() -> bool:
        uwsgi.ask()
        return leaking not in uwsgi.members()

    eventually(replaced, "it was not replaced", uwsgi)


# The end.


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


# HTTP.

HEAD = b"POST /body HTTP/1.1\r\nHost: x\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n"


def test_headers_may_be_large_but_not_endless(running: Uwsgi) -> None:
    assert running.ask(headers={"Authorization": f"Bearer {'a' * 30_000}"}).status == 200
    assert running.talk(b"GET / HTTP/1.1\r\nX: " + b"a" * 40_000 + b"\r\n\r\n") == b""
    # Each fits, and together they do not.
    many = b"".join(b"X-%d: %s\r\n" % (number, b"a" * 1_000) for number in range(31))
    running.talk(b"GET / HTTP/1.1\r\nCookie: session=" + SECRET.encode() + b"\r\n" + many + b"\r\n")
    assert running.ask().status == 200
    assert SECRET not in running.stdout


@pytest.mark.parametrize(
    ("body", "length"),
    [
        ([b"5\r\nhello\r\n0\r\n\r\n"], 5),
        ([b"5", b"\r\nhel", b"lo\r", b"\n3\r\nabc\r\n", b"0\r\n\r\n"], 8),
        (
            [b"%x\r\n%s\r\n" % (n, b"z" * n) for n in (1, 4096, 70_000, 900_000)] + [b"0\r\n\r\n"],
            974_097,
        ),
        ([b"0\r\n\r\n"], 0),
    ],
)
def test_a_body_in_chunks_arrives(running: Uwsgi, body: list[bytes], length: int) -> None:
    answer = running.talk(CHUNKED + b"\r\n", *body)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert json.loads(answer.rpartition(b"\r\n\r\n")[2]) == {"length": length}


@pytest.mark.parametrize(
    "request_",
    [
        HEAD + b"Content-Length: five\r\n\r\nhello",
        HEAD + b"Content-Length: -5\r\n\r\nhello",
        HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        CHUNKED + b"Content-Length: 5\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        CHUNKED + b"\r\n5;extension\r\nhello\r\n0\r\n\r\n",
        b"GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    ],
)
def test_what_is_no_http_is_refused(running: Uwsgi, request_: bytes) -> None:
    assert re.match(rb"HTTP/1\.[01] 400 ", running.talk(request_))
    assert running.records(logger="uncaught", message="KeyError: 'SERVER_NAME'") == []


def test_a_body_that_breaks_off_is_refused(running: Uwsgi) -> None:
    for request in (HEAD + b"Content-Length: 50\r\n\r\nhello", CHUNKED + b"\r\n5\r\nhel"):
        assert running.talk(request, hang_up=True).startswith(b"HTTP/1.1 400 ")


def test_a_client_that_asks_before_it_sends_is_told_to(running: Uwsgi) -> None:
    answer = running.talk(HEAD + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n", b"hello")
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 ")


def test_an_answer_that_does_not_wait_for_the_body_arrives(running: Uwsgi) -> None:
    for _ in range(5):
        assert running.ask("/refused", "POST", b"x" * 5_000_000).status == 401


def test_a_client_that_falls_silent_is_let_go(rendered_service: Rendered, tmp_path: Path) -> None:
    with started(rendered_service, tmp_path, "--socket-timeout=1") as uwsgi:
        assert uwsgi.talk(b"GET / HT") == b""
        assert uwsgi.talk(HEAD + b"Content-Length: 50\r\n\r\nhello").startswith(b"HTTP/1.1 400 ")


def test_a_client_that_hangs_up_is_no_error(rendered_service: Rendered, tmp_path: Path) -> None:
    with started(rendered_service, tmp_path) as uwsgi:
        for _ in range(5):
            connection = socket.create_connection(("127.0.0.1", uwsgi.port))
            connection.sendall(f"GET /large/20?q={SECRET} HTTP/1.1\r\n\r\n".encode())
            connection.recv(100)
            connection.close()
        eventually(
            lambda: len(uwsgi.records(logger="access", route="/large/<int:megabytes>")) == 5,
            "they are not logged",
            uwsgi,
        )
        uwsgi.send(signal.SIGTERM)
        assert uwsgi.wait_for_end() == 0
        assert SECRET not in uwsgi.stdout
        assert "Traceback" not in uwsgi.stdout
        assert not uwsgi.says("Broken pipe")


# Logs.


def test_every_line_is_a_record_from_the_first_to_the_last(
    rendered_service: Rendered, tmp_path: Path
) -> None:
    with started(
        rendered_service, tmp_path, "--reload-on-rss=150", "--min-worker-lifetime=1", "--harakiri=3"
    ) as uwsgi:
        assert uwsgi.says("getting YAML configuration")
        uwsgi.ask("/items/7/")
        uwsgi.ask("/fail")
        uwsgi.ask("/fail-in-thread")
        uwsgi.ask("/nowhere/\x01%00%ff%22%5c".replace("\x01", "%01"))
        for printed in (b'two\nlines, "quoted"', b"\x1b[31mred\x1b[0m", '{"a": "ü"}'.encode()):
            uwsgi.ask("/print", "POST", printed)
        leak(uwsgi)
        with pytest.raises((RemoteDisconnected, ConnectionResetError)):
            uwsgi.ask("/wait/600.0")
        eventually(lambda: uwsgi.ask("/items/8/").status == 200, "it is gone", uwsgi)
        uwsgi.send(signal.SIGTERM)
        assert uwsgi.wait_for_end() == 0
        assert uwsgi.stderr == ""
        assert uwsgi.stdout.endswith("\n")
        records = uwsgi.records()

        assert {"two", 'lines, "quoted"', "\x1b[31mred\x1b[0m", '{"a": "ü"}'} <= {
            record["message"] for record in records if record["logger"] == "stdout"
        }
        [failed] = uwsgi.records(message="unexpected error")
        assert failed["exc_info"].startswith("Traceback")
        assert failed["exc_info"].endswith("x" * 10_000)
        [in_thread] = uwsgi.records(logger="uncaught")
        assert "in a thread" in in_thread["exc_info"]
        for record in records:
            written = datetime.fromisoformat(record["timestamp"])
            assert written.utcoffset() == timedelta(0)
            assert abs(datetime.now(written.tzinfo) - written) < timedelta(minutes=10)


def test_a_request_is_logged_once_with_what_there_is_to_know(running: Uwsgi) -> None:
    answer = running.ask(f"/items/12/?search={SECRET}", headers={"X-Request-ID": "a.b_c-1"})
    assert answer.headers["X-Request-ID"] == "a.b_c-1"
    eventually(lambda: bool(running.records(request_id="a.b_c-1")), "it is not logged", running)
    [record] = running.records(request_id="a.b_c-1")
    assert record["duration_ms"] >= 0
    del record["timestamp"], record["duration_ms"]
    assert record == {
        "level": "INFO",
        "logger": "access",
        "message": "GET /items/<int:number>/ 200",
        "request_id": "a.b_c-1",
        "method": "GET",
        "route": "/items/<int:number>/",
        "path": "/items/12/",
        "status": 200,
    }


@pytest.mark.parametrize("given", ["a b", "a\tb", "x" * 65, "ümlaut", 'a"b', "a,b", "a\\nb"])
def test_an_identifier_that_does_not_look_like_one_is_replaced(running: Uwsgi, given: str) -> None:
    answer = running.ask(headers={"X-Request-ID": given})
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["X-Request-ID"])


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [("/nowhere", "GET", 404), ("/", "POST", 405), ("/fail", "GET", 500), ("/", "OPTIONS", 200)],
)
def test_every_answer_has_an_identifier(
    running: Uwsgi, path: str, method: str, status: int
) -> None:
    answer = running.ask(path, method, headers={"X-Request-ID": "mine"})
    assert (answer.status, answer.headers["X-Request-ID"]) == (status, "mine")


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {SECRET}1",
        f"token {TOKEN}",
        f"could not connect to postgresql+psycopg2://user:{SECRET}@host/name",
        f"{{'password': '{SECRET}'}}",
        f'{{"client_secret": "{SECRET}"}}',
        f"password={SECRET}",
        f"Max retries exceeded with url: /api/?search={SECRET} (Caused by …)",
    ],
)
def test_secrets_stay_out_of_the_logs(running: Uwsgi, text: str) -> None:
    body = json.dumps({"text": text, "extra": {"quoted": [text]}}).encode()
    running.ask(
        "/log", "POST", body, {"Content-Type": "application/json", "X-Request-ID": "secret"}
    )
    eventually(lambda: bool(running.records(request_id="secret")), "it is not logged", running)
    assert running.records(logger="misbehaving")
    assert SECRET not in running.stdout
    assert TOKEN not in running.stdout


def test_long_records_of_all_workers_stay_whole_where_they_are_read_slowly(
    rendered_service: Rendered, tmp_path: Path
) -> None:
    def slowly(descriptor: int) -> bytes:
        time.sleep(0.002)
        return os.read(descriptor, 8_192)

    with started(rendered_service, tmp_path, read=slowly) as uwsgi:

        def write(number: int) -> None:
            # Below and above what a pipe takes at once, and what uWSGI's master does by default.
            wanted = {"text": f"{number}.", "times": 10 ** (number % 5), "records": 10}
            headers = {"Content-Type": "application/json"}
            uwsgi.ask("/log", "POST", json.dumps(wanted).encode(), headers)

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(write, range(40)))
        # A signal in the middle of a long line would cut it.
        eventually(
            lambda: len(uwsgi.records(logger="access", route="/log")) == 40, "some are lost", uwsgi
        )
        uwsgi.send(signal.SIGTERM)
        assert uwsgi.wait_for_end() == 0
        records = uwsgi.records(logger="misbehaving")
        assert len(records) == 400
        whole = {f"{n}." * 10 ** (n % 5) for n in range(40)}
        assert {record["message"] for record in records} == whole


def test_a_record_too_long_for_uwsgi_is_shortened(running: Uwsgi) -> None:
    body = json.dumps({"text": "\u0001ü", "times": 100_000}).encode()
    running.ask("/log", "POST", body, {"Content-Type": "application/json"})
    eventually(lambda: bool(running.records(shortened=True)), "it is not logged", running)


# Metrics.


def test_metrics_count_the_requests_of_all_workers_by_route(
    rendered_service: Rendered, tmp_path: Path
) -> None:
    with started(rendered_service, tmp_path, "--threads=1") as uwsgi:
        with ThreadPoolExecutor(4) as pool:
            pids = {answer.json["pid"] for answer in pool.map(uwsgi.ask, ["/wait/0.05"] * 40)}
            list(pool.map(uwsgi.ask, [f"/items/{number}/" for number in range(40)]))
            list(pool.map(uwsgi.ask, [f"/nowhere/{number}" for number in range(40)]))
        assert len(pids) == 2
        uwsgi.ask("/items/1/", "BREW")
        metrics = uwsgi.metrics()
        series = 'http_requests_total{{method="{}",route="{}",status="{}"}}'.format
        assert metrics[series("GET", "/wait/<float:seconds>", 200)] == 40
        assert metrics[series("GET", "/items/<int:number>/", 200)] == 40
        assert metrics[series("GET", "unmatched", 404)] == 40
        assert metrics[series("other", "unmatched", 405)] == 1
        assert not any("/nowhere" in name for name in metrics)
        of_waits = 'http_request_duration_seconds_{}{{method="GET",route="/wait/<float:seconds>"}}'
        assert metrics[of_waits.format("count")] == 40
        assert 2 <= metrics[of_waits.format("sum")] < 20
        assert metrics['service_info{commit="development",version="development"}'] == 1


def test_no_counter_falls_and_no_file_is_added_when_workers_are_replaced(
    rendered_service: Rendered, tmp_path: Path
) -> None:
    with started(
        rendered_service, tmp_path, "--reload-on-rss=150", "--min-worker-lifetime=1"
    ) as uwsgi:
        counted = uwsgi.requests_counted()
        [folder] = tmp_path.glob("metrics-*")
        for _ in range(3):
            leak(uwsgi)
            eventually(lambda: len(uwsgi.members()) == 4, "none took its place", uwsgi)
            before, counted = counted, uwsgi.requests_counted()
            assert counted >= before + 1
        for _ in range(20):
            uwsgi.ask("/items/1/")
        assert uwsgi.requests_counted(route="/items/<int:number>/") == 20
        assert len(list(folder.iterdir())) <= 2 * 3


def test_metrics_are_served_while_every_worker_is_busy(
    rendered_service: Rendered, tmp_path: Path
) -> None:
    with started(rendered_service, tmp_path, "--threads=1") as uwsgi, ThreadPoolExecutor(2) as pool:
        requests = [pool.submit(uwsgi.ask, "/wait/3.0") for _ in range(2)]
        eventually(
            lambda: all(uwsgi.metrics()[f'uwsgi_worker_busy{{worker="{n}"}}'] for n in (1, 2)),
            "they are not busy",
            uwsgi,
        )
        assert not any(request.done() for request in requests)
        assert [request.result().status for request in requests] == [200, 200]


def test_metrics_are_on_their_own_port_only(running: Uwsgi) -> None:
    assert running.ask("/metrics").status == 404
    assert running.ask("/", port=running.metrics_port).status == 404


# gevent.


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
