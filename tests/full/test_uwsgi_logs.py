"""The logs of a rendered service under uWSGI."""

import json
import os
import re
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from http.client import RemoteDisconnected
from pathlib import Path

import pytest

from tests.full.uwsgi_process import (
    Rendered,
    Uwsgi,
    eventually,
    leak,
    started,
)

SECRET = "hunter2-not-to-be-logged"
TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl"


def test_every_line_is_a_record_from_the_first_to_the_last(
    rendered_service: Rendered, tmp_path: Path
) -> None:
    with started(
        rendered_service, tmp_path, "--reload-on-rss=150", "--min-worker-lifetime=1", "--harakiri=5"
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


def test_a_request_is_logged_once_with_what_there_is_to_know(served: Uwsgi) -> None:
    answer = served.ask(f"/items/12/?search={SECRET}", headers={"X-Request-ID": "a.b_c-1"})
    assert answer.headers["X-Request-ID"] == "a.b_c-1"
    eventually(lambda: bool(served.records(request_id="a.b_c-1")), "it is not logged", served)
    [record] = served.records(request_id="a.b_c-1")
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
def test_an_identifier_that_does_not_look_like_one_is_replaced(served: Uwsgi, given: str) -> None:
    answer = served.ask(headers={"X-Request-ID": given})
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["X-Request-ID"])


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [("/nowhere", "GET", 404), ("/", "POST", 405), ("/fail", "GET", 500), ("/", "OPTIONS", 200)],
)
def test_every_answer_has_an_identifier(served: Uwsgi, path: str, method: str, status: int) -> None:
    answer = served.ask(path, method, headers={"X-Request-ID": "mine"})
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
def test_secrets_stay_out_of_the_logs(served: Uwsgi, text: str) -> None:
    body = json.dumps({"text": text, "extra": {"quoted": [text]}}).encode()
    served.ask("/log", "POST", body, {"Content-Type": "application/json", "X-Request-ID": "secret"})
    eventually(lambda: bool(served.records(request_id="secret")), "it is not logged", served)
    assert served.records(logger="misbehaving")
    assert SECRET not in served.stdout
    assert TOKEN not in served.stdout


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


def test_a_record_too_long_for_uwsgi_is_shortened(served: Uwsgi) -> None:
    body = json.dumps({"text": "\u0001ü", "times": 100_000}).encode()
    served.ask("/log", "POST", body, {"Content-Type": "application/json"})
    eventually(lambda: bool(served.records(shortened=True)), "it is not logged", served)
