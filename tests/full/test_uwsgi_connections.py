"""uWSGI's connections: which are kept, and whom they keep out."""

import json
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest

from benchmarks import starvation
from tests.full.test_uwsgi_workers import skip_without_gevent
from tests.full.uwsgi_process import PATIENCE, Rendered, Uwsgi, started


@contextmanager
def connected(uwsgi: Uwsgi) -> Iterator[HTTPConnection]:
    """Give a connection that goes on as long as the service lets it."""
    connection = HTTPConnection("127.0.0.1", uwsgi.port, timeout=PATIENCE)
    connection.connect()
    connection.auto_open = 0
    try:
        yield connection
    finally:
        connection.close()


def status(
    connection: HTTPConnection, path: str, method: str = "GET", body: bytes | None = None
) -> int:
    connection.request(method, path, body)
    answer = connection.getresponse()
    answer.read()
    return answer.status


def is_ended(connection: socket.socket, seconds: float) -> bool:
    connection.settimeout(seconds)
    try:
        return connection.recv(1) == b""
    except TimeoutError:
        return False


def test_a_connection_serves_many_requests(served: Uwsgi) -> None:
    with connected(served) as connection:
        for path in ("/", "/items/1/", "/nowhere", "/large/1", "/fail") * 3:
            assert status(connection, path) in {200, 404, 500}
        for size in (0, 5, 500_000):
            assert status(connection, "/body", "POST", b"x" * size) == 200
            # What nobody has read is not taken for the next request.
            assert status(connection, "/refused", "POST", b"GET / HTTP/1.1\r\n\r\n" * 9) == 401
        assert status(connection, "/") == 200


def test_each_request_on_a_connection_has_its_clients_address(served: Uwsgi) -> None:
    source = ("127.0.0.2", 0)
    connection = HTTPConnection("127.0.0.1", served.port, PATIENCE, source_address=source)
    try:
        for _ in range(3):
            connection.request("GET", "/client")
            assert json.loads(connection.getresponse().read()) == {"address": "127.0.0.2"}
    finally:
        connection.close()


PLAIN = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
CHUNKED = b"POST /refused HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "request_",
    [
        b"GET / HTTP/1.0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        CHUNKED + b"5\r\nhello\r\n0\r\n\r\n" + PLAIN,
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: five\r\n\r\n",
    ],
)
def test_a_connection_that_cannot_be_kept_is_ended(served: Uwsgi, request_: bytes) -> None:
    begun = time.monotonic()
    answer = served.talk(request_)
    assert time.monotonic() - begun < 5
    assert answer.count(b"HTTP/1.") == 1
    assert b"Connection: close\r\n" in answer


@pytest.mark.parametrize(
    ("request_", "status_line"),
    [("GET /nothing", b"204 NO CONTENT"), ("HEAD /", b"200 OK")],
    ids=["204", "HEAD"],
)
@pytest.mark.parametrize("header", ["Connection: close", "X-Other: y"])
def test_an_answer_without_a_body_arrives_before_its_connection_ends(
    served: Uwsgi, request_: str, status_line: bytes, header: str
) -> None:
    sent = f"{request_} HTTP/1.1\r\nHost: x\r\n{header}\r\n\r\n".encode()
    answer = served.talk(sent, hang_up=True)
    assert answer.startswith(b"HTTP/1.1 " + status_line), answer


def test_idle_connections_keep_nobody_out(served: Uwsgi) -> None:
    found = starvation.measure(served.port)
    assert found.is_met, found
    # Half of the threads of two workers, and not all that asked for it.
    assert 1 <= found.still_open <= 8


def test_without_a_limit_they_would(rendered_service: Rendered, tmp_path: Path) -> None:
    """What the one above would see, if uWSGI were left to itself."""
    options = ["--socket-timeout=3"]
    with started(rendered_service, tmp_path, *options, application="endless:application") as uwsgi:
        assert not starvation.measure(uwsgi.port, idle=16).is_met


def test_an_idle_connection_is_let_go(rendered_service: Rendered, tmp_path: Path) -> None:
    with (
        started(rendered_service, tmp_path, "--socket-timeout=2") as uwsgi,
        connected(uwsgi) as connection,
    ):
        assert status(connection, "/") == 200
        assert not is_ended(connection.sock, 1)
        assert is_ended(connection.sock, 5)


def test_with_gevent_each_answer_ends_its_connection(
    rendered_service: Rendered, tmp_path: Path
) -> None:
    skip_without_gevent(rendered_service)
    with started(rendered_service, tmp_path, gevent=True) as uwsgi:
        assert uwsgi.ask().headers["Connection"] == "close"
        assert starvation.measure(uwsgi.port).still_open == 0


def test_idle_connections_do_not_keep_the_service_from_ending(
    rendered_service: Rendered, tmp_path: Path
) -> None:
    with (
        # They would be let go later than the test waits.
        started(rendered_service, tmp_path, f"--socket-timeout={2 * int(PATIENCE)}") as uwsgi,
        ExitStack() as opened,
    ):
        connections = [opened.enter_context(connected(uwsgi)) for _ in range(6)]
        assert [status(connection, "/") for connection in connections] == [200] * 6
        uwsgi.send(signal.SIGTERM)
        assert uwsgi.wait_for_end() == 0
        assert uwsgi.members() == []


def test_the_answer_during_which_the_service_ends_is_the_connections_last(
    rendered_service: Rendered, tmp_path: Path
) -> None:
    with started(rendered_service, tmp_path) as uwsgi, connected(uwsgi) as connection:
        assert status(connection, "/") == 200
        connection.request("GET", "/wait/2.0")
        time.sleep(0.5)
        uwsgi.send(signal.SIGTERM)
        answer = connection.getresponse()
        assert (answer.status, answer.headers["Connection"]) == (200, "close")
        answer.read()
        assert uwsgi.wait_for_end() == 0


def test_who_waited_for_too_long_is_refused_and_those_after_them_are_not(
    rendered_service: Rendered, tmp_path: Path
) -> None:
    """16 threads are busy for 4 seconds; 20 wait behind them, for more than the 2 that they may."""
    with started(rendered_service, tmp_path) as uwsgi, ThreadPoolExecutor(40) as clients:
        busy = [clients.submit(uwsgi.ask, "/wait/4.0") for _ in range(16)]
        time.sleep(1)
        waiting = [clients.submit(uwsgi.ask, "/wait/4.0") for _ in range(20)]
        assert [answer.result().status for answer in busy] == [200] * 16
        assert {answer.result().status for answer in waiting} == {503}
        assert all(int(answer.result().headers["Retry-After"]) > 0 for answer in waiting)
        assert uwsgi.ask().status == 200
