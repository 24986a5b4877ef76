"""What nginx does with the generated configuration, seen from behind it and in front of it."""

import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests

from tasks.edge import host
from tasks.render import example, render
from tests.full.edge import Backend, Received, edge
from tests.serving import serving
from tests.waiting import eventually

SERVICE = "frontend"

TIMEOUT_SECONDS = 10


@dataclass(frozen=True)
class Front:
    """A running nginx in front of two back ends."""

    port: int
    one: Backend
    two: Backend
    sessions: list[requests.Session] = field(default_factory=lambda: [requests.Session()])

    def call(self, method: str, path: str, **more: object) -> requests.Response:
        """Call the service at the edge."""
        headers = {"Host": host(SERVICE), **more.pop("headers", {})}  # type: ignore[dict-item]  # passed on
        url = f"http://127.0.0.1:{self.port}{path}"
        return self.sessions[0].request(method, url, headers=headers, timeout=10, **more)  # type: ignore[arg-type]  # passed on

    def received(self, path: str) -> list[Received]:
        """Return what the back ends have received at a path."""
        return [each for each in self.one.received + self.two.received if each.path == path]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A rendered frontend."""
    return render(tmp_path_factory.mktemp("rendered"), example(SERVICE))


@pytest.fixture
def front(service: Path, tmp_path: Path) -> Iterator[Front]:
    """Nginx in front of two back ends."""
    with ExitStack() as stack:
        both = Backend(), Backend()
        for each in both:
            stack.enter_context(serving(each))
        addresses = [f"127.0.0.1:{each.server_port}" for each in both]
        port = stack.enter_context(edge(tmp_path, service, addresses, SERVICE))
        yield Front(port, *both)


def test_a_service_is_told_who_calls_since_when_and_nothing_that_the_client_claims(
    front: Front,
) -> None:
    claimed = {
        "X-Forwarded-For": "6.6.6.6",
        "X-Forwarded-Prefix": "/evil",
        "X-Request-Start": "t=1",
        "Forwarded": "for=6.6.6.6",
        "X_Forwarded_For": "6.6.6.6",
    }
    assert front.call("GET", "/login/", headers=claimed).text == "answered"
    [seen] = front.received("/login/")
    assert "6.6.6.6" not in str(seen.headers)
    assert seen.headers["x-forwarded-for"] == "127.0.0.1"
    assert seen.headers["x-forwarded-proto"] == "http"
    assert seen.headers["connection"] == "close"
    assert {"x-forwarded-prefix", "forwarded"}.isdisjoint(seen.headers)
    # Seconds with milliseconds: one of the units that flask_chassis.http.load_shedding reads.
    start = seen.headers["x-request-start"]
    assert re.fullmatch(r"t=\d{10}\.\d{3}", start)
    assert abs(time.time() - float(start.removeprefix("t="))) < TIMEOUT_SECONDS


def test_the_connection_to_the_client_is_kept(front: Front) -> None:
    with socket.create_connection(("127.0.0.1", front.port), timeout=TIMEOUT_SECONDS) as client:
        for _ in range(3):
            client.sendall(f"GET /login/ HTTP/1.1\r\nHost: {host(SERVICE)}\r\n\r\n".encode())
            eventually_received = b""
            while b"answered" not in eventually_received:
                part = client.recv(4096)
                assert part, "the connection was closed"
                eventually_received += part
    assert len(front.received("/login/")) == 3


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_request_that_nobody_has_received_goes_to_the_other_instance(
    service: Path, tmp_path: Path, method: str
) -> None:
    with serving(Backend()) as address, socket.socket() as silent:
        # Nobody listens there.
        silent.bind(("127.0.0.1", 0))
        gone = f"127.0.0.1:{silent.getsockname()[1]}"
        with edge(tmp_path, service, [gone, address.removeprefix("http://")], SERVICE) as port:
            for _ in range(6):
                answer = requests.request(
                    method,
                    f"http://127.0.0.1:{port}/login/",
                    headers={"Host": host(SERVICE)},
                    data=b"x" if method == "POST" else None,
                    timeout=TIMEOUT_SECONDS,
                )
                assert (answer.status_code, answer.text) == (200, "answered")
        # It was tried.
        assert f"{gone}, " in (tmp_path / "log").read_text()


def test_only_what_is_idempotent_is_repeated_once_an_instance_has_received_it(
    front: Front,
) -> None:
    front.one.resets = front.two.resets = True
    refused = front.call("POST", "/login/", data=b"once")
    assert (refused.status_code, refused.headers["Retry-After"]) == (502, "1")
    assert refused.json()["message"].startswith("The service is not available")
    assert [each.body for each in front.received("/login/")] == [b"once"]
    time.sleep(2.5)  # more than fail_timeout: both instances are asked again after that
    assert front.call("GET", "/search").status_code == 502
    assert len(front.received("/search")) == 2


def test_a_body_arrives_at_once_however_slowly_it_is_sent(front: Front) -> None:
    head = f"POST /login/ HTTP/1.1\r\nHost: {host(SERVICE)}\r\nContent-Length: 20\r\n\r\n"
    with socket.create_connection(("127.0.0.1", front.port), timeout=TIMEOUT_SECONDS) as client:
        client.sendall(head.encode())
        for _ in range(19):
            client.sendall(b"x")
            time.sleep(0.02)
        # Other requests come and go; of this one, no instance knows yet.
        assert front.call("GET", "/search").ok
        assert front.received("/login/") == []
        client.sendall(b"x")
        eventually(lambda: [each.body for each in front.received("/login/")] == [b"x" * 20])


def test_a_response_leaves_a_service_at_once_however_slowly_it_is_read(front: Front) -> None:
    # More than the buffers of all sockets on the way.
    front.one.body = front.two.body = b"x" * 64 * 1024 * 1024
    with socket.create_connection(("127.0.0.1", front.port), timeout=TIMEOUT_SECONDS) as client:
        client.sendall(f"GET /login/ HTTP/1.1\r\nHost: {host(SERVICE)}\r\n\r\n".encode())
        eventually(lambda: front.one.sent + front.two.sent == 1)
        # And it is all there.
        left = 64 * 1024 * 1024
        while left > 0:
            part = client.recv(1024 * 1024)
            assert part, f"{left} bytes are missing"
            left -= len(part)


def test_more_than_the_limits_is_refused_before_a_service_sees_it(front: Front) -> None:
    large = front.call("POST", "/login/", data=b"x" * (1024 * 1024 + 1))
    assert (large.status_code, large.json()) == (413, {"message": "The request body is too large."})
    assert front.call("POST", "/login/", data=b"x" * 1024 * 1024).ok
    assert front.call("GET", "/login/", headers={"X": "x" * 8000}).status_code == 400
    assert front.call("GET", f"/search?q={'x' * 8000}").status_code == 414
    assert len(front.received("/login/")) == 1
    assert front.received("/search") == []


def test_static_files_are_fetched_once_and_are_the_same_for_everybody(front: Front) -> None:
    path = "/static/style.0123456789ab.css"
    for cookie in ("session=ada", "session=eve"):
        answer = front.call("GET", path, headers={"Cookie": cookie})
        assert answer.text == "answered"
        assert "Set-Cookie" not in answer.headers
        assert "immutable" in answer.headers["Cache-Control"]
    [seen] = front.received(path)
    assert "cookie" not in seen.headers
    # Nothing else is kept, whatever it says.
    for _ in range(2):
        assert front.call("GET", "/login/", headers={"Cookie": "session=ada"}).cookies
    assert [each.headers["cookie"] for each in front.received("/login/")] == ["session=ada"] * 2


def test_one_address_has_no_more_than_its_connections(front: Front, tmp_path: Path) -> None:
    head = f"POST /login/ HTTP/1.1\r\nHost: {host(SERVICE)}\r\nContent-Length: 9\r\n\r\n".encode()
    refused = threading.Event()
    with ExitStack() as stack:

        def hold() -> None:
            client = stack.enter_context(socket.create_connection(("127.0.0.1", front.port)))
            client.sendall(head)

        for _ in range(100):
            hold()

        def is_refused() -> bool:
            answer = front.call("GET", "/search")
            if answer.status_code == 429:
                assert answer.headers["Retry-After"] == "1"
                refused.set()
            else:
                # One of them has timed out: it sends no body, and a machine may be slow.
                hold()
            return refused.is_set()

        eventually(is_refused)
    # They are free again when they have gone.
    eventually(lambda: front.call("GET", "/search").ok)
