"""Which connections are kept.

A client of a test has no connection: what stands in for it is one that nobody reads from.
"""

import os
import socket
import threading
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from flask.testing import FlaskClient

from {{ cookiecutter.package_name }}.chassis.connections import A_TURN, Connections

from .conftest import Make

PATH = "/probes/free/"
THREADS, LISTEN = 4, 8
CLIENT = "127.0.0.2"
# What uWSGI says of a connection that was kept.
UNKNOWN = "0.0.0.0"  # noqa: S104


@pytest.fixture
def other_end(uwsgi: SimpleNamespace) -> Iterator[socket.socket]:
    """Return where the client of a connection would read."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        there = socket.create_connection(server.getsockname(), source_address=(CLIENT, 0))
        here, _ = server.accept()
    uwsgi.connection_fd = here.fileno
    there.settimeout(0.1)
    with here, there:
        yield there


@pytest.fixture
def behind_uwsgi(uwsgi: SimpleNamespace, other_end: socket.socket, make: Make) -> FlaskClient:
    """A client of the probes as uWSGI serves them: with 4 threads, and 8 places to wait in."""
    assert (uwsgi.opt["threads"], uwsgi.opt["listen"]) == (b"%d" % THREADS, b"%d" % LISTEN)
    return make().test_client()


@pytest.fixture
def waiting(uwsgi: SimpleNamespace) -> Iterator["Waiting"]:
    """Connections that wait to be accepted: a test adds to them with `add`."""
    with socket.socket(fileno=os.dup(uwsgi.sockets[0])) as listening:
        address = listening.getsockname()
    made = Waiting(address)
    yield made
    for each in made:
        each.close()


class Waiting(list[socket.socket]):
    """Connections to an address."""

    def __init__(self, address: tuple[str, int]) -> None:
        super().__init__()
        self.address = address

    def add(self, number: int) -> None:
        """Connect so many times."""
        self += [socket.create_connection(self.address) for _ in range(number)]


def is_over(other_end: socket.socket) -> bool:
    """Whether a connection has been ended."""
    try:
        return other_end.recv(1) == b""
    except TimeoutError:
        return False


@pytest.mark.parametrize("path", [PATH, "/nowhere/", "/probes/fail/", "/probes/refuse/?status=401"])
def test_a_connection_is_kept(
    behind_uwsgi: FlaskClient, other_end: socket.socket, path: str
) -> None:
    with behind_uwsgi.get(path) as response:
        assert "Connection" not in response.headers
    assert not is_over(other_end)


@pytest.mark.parametrize(
    "environ",
    [
        {"SERVER_PROTOCOL": "HTTP/1.0"},
        {"HTTP_CONNECTION": "close"},
        {"HTTP_CONNECTION": "TE, Close"},
        {"HTTP_TRANSFER_ENCODING": "chunked"},
        {"CONTENT_LENGTH": "no number"},
    ],
    ids=str,
)
def test_a_connection_that_cannot_be_kept_is_ended_and_the_answer_says_so(
    behind_uwsgi: FlaskClient,
    other_end: socket.socket,
    uwsgi: SimpleNamespace,
    environ: dict[str, str],
) -> None:
    uwsgi.chunked_read = lambda: b""
    with behind_uwsgi.get(PATH, environ_overrides=environ) as response:
        assert response.headers["Connection"] == "close"
    assert is_over(other_end)


def test_an_answer_without_a_length_ends_with_its_connection(uwsgi: SimpleNamespace) -> None:
    connections = Connections(uwsgi)
    environ = {"SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": CLIENT}
    assert connections.keep(environ, [("Content-Type", "text/plain"), ("Content-Length", "3")])
    assert not connections.keep(environ, [("Content-Type", "text/plain")])


def test_half_of_the_threads_stay_free_for_new_connections(behind_uwsgi: FlaskClient) -> None:
    kept = []

    def ask() -> None:
        with behind_uwsgi.application.test_client().get(PATH) as response:
            kept.append("Connection" not in response.headers)
        everybody_asked.wait()

    everybody_asked = threading.Barrier(THREADS + 1)
    threads = [threading.Thread(target=ask) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    everybody_asked.wait()
    for thread in threads:
        thread.join()
    assert sorted(kept) == [False] * (THREADS // 2) + [True] * (THREADS // 2)


def test_where_a_request_comes_from_is_known_on_a_connection_that_was_kept(
    uwsgi: SimpleNamespace, other_end: socket.socket
) -> None:
    connections = Connections(uwsgi)
    first = {"SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": CLIENT}
    connections.begin(first)
    assert connections.keep(first, [("Content-Length", "3")])
    second = first | {"REMOTE_ADDR": UNKNOWN}
    connections.begin(second)
    assert second["REMOTE_ADDR"] == CLIENT
    assert connections.keep(second, [("Content-Length", "3")])
    # The thread's next connection.
    another = first | {"REMOTE_ADDR": "127.0.0.3"}
    connections.begin(another)
    assert another["REMOTE_ADDR"] == "127.0.0.3"


def test_a_connection_is_kept_for_a_few_requests_while_many_wait(
    behind_uwsgi: FlaskClient, waiting: "Waiting"
) -> None:
    def is_kept() -> bool:
        with behind_uwsgi.get(PATH) as response:
            assert response.status_code == 200
            return "Connection" not in response.headers

    waiting.add(THREADS // 2)
    assert all(is_kept() for _ in range(3 * A_TURN))
    waiting.add(1)
    for _ in range(2):
        assert [is_kept() for _ in range(A_TURN)] == [True] * (A_TURN - 1) + [False]


def test_when_the_service_ends_idle_connections_do_and_no_other(
    uwsgi: SimpleNamespace, other_end: socket.socket
) -> None:
    environ = {"SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": CLIENT}
    headers = [("Content-Length", "3")]
    with socket.socket(fileno=os.dup(uwsgi.connection_fd())) as here:
        here.settimeout(0.1)
        connections = Connections(uwsgi)
        assert connections.keep(environ, headers)
        connections.begin(environ)
        connections.end_idle()
        with pytest.raises(TimeoutError):
            here.recv(1)
        assert not connections.keep(environ, headers)

        connections = Connections(uwsgi)
        assert connections.keep(environ, headers)
        connections.end_idle()
        assert here.recv(1) == b""
        # What is being sent arrives.
        here.sendall(b"x")
        assert other_end.recv(1) == b"x"


def test_no_other_file_that_took_the_number_of_a_closed_connection_is_ended(
    uwsgi: SimpleNamespace, other_end: socket.socket
) -> None:
    connections = Connections(uwsgi)
    environ = {"SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": CLIENT}
    assert connections.keep(environ, [("Content-Length", "3")])
    one, other = socket.socketpair()
    with one, other:
        os.dup2(one.fileno(), uwsgi.connection_fd())
        connections.end_idle()
        other.sendall(b"x")
        assert one.recv(1) == b"x"


def test_where_uwsgi_keeps_none_none_is_kept(
    uwsgi: SimpleNamespace, other_end: socket.socket, make: Make
) -> None:
    uwsgi.opt["protocol"] = b"http"
    with make().test_client().get(PATH) as response:
        assert response.headers["Connection"] == "close"
    assert is_over(other_end)
