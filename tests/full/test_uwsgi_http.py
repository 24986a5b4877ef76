"""What a client sees of uWSGI's HTTP socket."""

import json
import re
import signal
import socket
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from tests.full.uwsgi_process import (
    Rendered,
    Uwsgi,
    eventually,
    started,
)

SECRET = "hunter2-not-to-be-logged"
TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl"


HEAD = b"POST /body HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n"


def test_headers_may_be_large_but_not_endless(served: Uwsgi) -> None:
    assert served.ask(headers={"Authorization": f"Bearer {'a' * 30_000}"}).status == 200
    assert served.talk(b"GET / HTTP/1.1\r\nX: " + b"a" * 40_000 + b"\r\n\r\n") == b""
    # Each fits, and together they do not.
    many = b"".join(b"X-%d: %s\r\n" % (number, b"a" * 1_000) for number in range(31))
    served.talk(b"GET / HTTP/1.1\r\nCookie: session=" + SECRET.encode() + b"\r\n" + many + b"\r\n")
    assert served.ask().status == 200
    assert SECRET not in served.stdout


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
def test_a_body_in_chunks_arrives(served: Uwsgi, body: list[bytes], length: int) -> None:
    answer = served.talk(CHUNKED + b"\r\n", *body)
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
def test_what_is_no_http_is_refused(served: Uwsgi, request_: bytes) -> None:
    assert re.match(rb"HTTP/1\.[01] (400|411) ", served.talk(request_))
    assert served.records(logger="uncaught", message="KeyError: 'SERVER_NAME'") == []


def test_a_body_that_breaks_off_is_refused(served: Uwsgi) -> None:
    for request in (HEAD + b"Content-Length: 50\r\n\r\nhello", CHUNKED + b"\r\n5\r\nhel"):
        assert served.talk(request, hang_up=True).startswith(b"HTTP/1.1 400 ")


def test_a_client_that_expects_100_continue_is_answered_once_it_sends(served: Uwsgi) -> None:
    """A proxy answers 100; a client without one sends after a second, as curl does."""
    answer = served.talk(HEAD + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n", b"hello")
    assert answer.startswith(b"HTTP/1.1 200 ")


def test_a_client_that_expects_100_continue_and_is_refused_does_not_wait(served: Uwsgi) -> None:
    request = HEAD.replace(b"/body", b"/refused") + b"Expect: 100-continue\r\nContent-Length: 5\r\n"
    with socket.create_connection(("127.0.0.1", served.port), timeout=5) as connection:
        connection.sendall(request + b"\r\n")
        assert connection.recv(65_536).startswith(b"HTTP/1.1 401 ")


def test_an_answer_that_does_not_wait_for_the_body_arrives(served: Uwsgi) -> None:
    for _ in range(5):
        assert served.ask("/refused", "POST", b"x" * 5_000_000).status == 401


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


@pytest.mark.parametrize("path", ["/", "/nothing", "/nowhere", "/fail"])
def test_every_answer_has_a_date(served: Uwsgi, path: str) -> None:
    answered = parsedate_to_datetime(served.ask(path).headers["Date"])
    assert abs(datetime.now(UTC) - answered) < timedelta(minutes=1)
    assert served.talk(f"GET {path} HTTP/1.1\r\n\r\n".encode()).count(b"\r\nDate: ") == 1


def test_a_long_method_is_cut_off_in_the_log(served: Uwsgi) -> None:
    assert served.ask("/items/1/", "LONG" * 4_000).status == 405
    eventually(lambda: bool(served.records(status=405)), "it is not logged", served)
    assert "LONG" * 6 not in served.stdout
