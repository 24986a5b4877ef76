"""Connections to uWSGI: each carries one request, directly and behind proxies that keep theirs."""

import re
import signal
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from http.client import HTTPConnection, RemoteDisconnected
from pathlib import Path
from threading import Event

import pytest

from benchmarks import starvation
from tests.full.proxies import haproxy, nginx
from tests.full.test_uwsgi_workers import skip_without_gevent
from tests.full.uwsgi_process import PATIENCE, Answer, Rendered, Uwsgi, eventually, leak, started

HOST = b"Host: a\r\n"
SMUGGLED = [
    b"GET /smuggled HTTP/1.1\r\nHost: a\r\nX-Request-ID: %s\r\n\r\n" % name
    for name in (b"ONE", b"TWO")
]
BODY = b"".join(SMUGGLED)
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
CHUNKED = b"Transfer-Encoding: chunked\r\n"


def head(*lines: bytes, target: bytes = b"/refused", version: bytes = b"HTTP/1.1") -> bytes:
    """Return the head of a POST request with these header lines."""
    return b"POST " + target + b" " + version + b"\r\n" + HOST + b"".join(lines) + b"\r\n"


def chunk(extension: bytes = b"") -> bytes:
    """Return the beginning of a chunk that has room for all that is smuggled."""
    return b"%x" % len(BODY) + extension + b"\r\n"


LARGE = [b"X%d: " % number + b"p" * 6500 + b"\r\n" for number in range(3)]

MALFORMED = {
    # What uWSGI's parser refuses.
    "head-over-buffer-size": head(*LARGE, LENGTH, target=b"/?" + b"q" * 7900),
    "one-header-over-buffer-size": head(b"X: " + b"p" * 40_000 + b"\r\n", LENGTH),
    "too-many-headers": head(*(b"X%d: y\r\n" % number for number in range(150)), LENGTH),
    "line-without-colon": head(b"nonsense\r\n", LENGTH),
    "no-version": b"POST /refused\r\n" + HOST + LENGTH + b"\r\n",
    "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    # Where the body ends.
    "length-of-65-bits": head(b"Content-Length: 18446744073709551616\r\n"),
    "length-is-no-number": head(b"Content-Length: five\r\n"),
    "negative-length": head(b"Content-Length: -5\r\n"),
    "length-with-sign": head(b"Content-Length: +%d\r\n" % len(BODY)),
    "length-with-underscore": head(b"Content-Length: 1_0\r\n"),
    "space-before-colon": head(b"Content-Length : %d\r\n" % len(BODY)),
    "tab-before-colon": head(b"Content-Length\t: %d\r\n" % len(BODY)),
    "two-equal-lengths": head(LENGTH, LENGTH),
    "two-different-lengths": head(b"Content-Length: 5\r\n", LENGTH),
    "two-lengths-in-a-list": head(b"Content-Length: 5, %d\r\n" % len(BODY)),
    "chunked-and-length": head(CHUNKED, LENGTH) + b"0\r\n\r\n",
    "length-and-chunked": head(b"Content-Length: 5\r\n", CHUNKED) + b"0\r\n\r\n",
    "two-encodings": head(CHUNKED, b"Transfer-Encoding: identity\r\n", LENGTH),
    "another-encoding": head(b"Transfer-Encoding: gzip, chunked\r\n") + b"0\r\n\r\n",
    "encoding-with-space": head(b"Transfer-Encoding : chunked\r\n", LENGTH),
    "encoding-with-vertical-tab": head(b"Transfer-Encoding: \x0bchunked\r\n", LENGTH),
    "encoding-in-http-1.0": head(CHUNKED, version=b"HTTP/1.0") + chunk(),
    # Chunks.
    "chunk-extension": head(CHUNKED) + chunk(b";a=b"),
    "chunk-extension-with-lf": head(CHUNKED) + chunk(b";a\nb"),
    "chunk-size-is-no-number": head(CHUNKED) + b"zz\r\n",
    "negative-chunk-size": head(CHUNKED) + b"-1\r\n",
    "chunk-size-of-65-bits": head(CHUNKED) + b"10000000000000000\r\n",
    # Lines.
    "bare-lf": head(LENGTH).replace(b"\r\n", b"\n"),
    "bare-lf-in-one-line": head(b"X: y\n", LENGTH),
    "bare-cr": head(b"X: y\r", LENGTH),
    "obs-fold": head(b"X: y\r\n ", LENGTH),
    "nul-in-header": head(b"X: a\x00b\r\n", LENGTH),
    "nul-in-name": head(b"X\x00: y\r\n", LENGTH),
}


class Connection:
    """A connection of a client that sends what it likes."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self._received = b""

    def send(self, *pieces: bytes) -> None:
        """Send pieces, as far as the connection lasts, each in a packet of its own."""
        for piece in pieces:
            try:
                self._socket.sendall(piece)
            except OSError:
                return
            time.sleep(0.02)

    def receive(self, until: Callable[[bytes], bool], seconds: float) -> bytes:
        """Return all that has been received, once it is enough, or no more comes."""
        deadline = time.monotonic() + seconds
        try:
            while not until(self._received) and (left := deadline - time.monotonic()) > 0:
                self._socket.settimeout(left)
                if not (piece := self._socket.recv(65_536)):
                    break
                self._received += piece
        except OSError:
            pass
        return self._received

    def close(self) -> None:
        """Close it."""
        self._socket.close()


@contextmanager
def connected(port: int) -> Iterator[Connection]:
    """Connect to a port."""
    connection = Connection(port)
    try:
        yield connection
    finally:
        connection.close()


def ids(received: bytes) -> list[bytes]:
    """Return the request ids in what a client has received."""
    return re.findall(rb"X-Request-ID: (\w+)", received, re.IGNORECASE)


def innocent(name: str) -> bytes:
    """Return a request that is as it should be."""
    return b"GET /client HTTP/1.1\r\nHost: a\r\nX-Request-ID: %s\r\n\r\n" % name.encode()


@pytest.fixture(scope="module")
def behind_nginx(served: Uwsgi, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of an nginx before the service."""
    with nginx(tmp_path_factory.mktemp("proxies") / "nginx", served.port) as proxy:
        yield proxy.port


@pytest.fixture(scope="module")
def behind_haproxy(served: Uwsgi, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a HAProxy before the service."""
    with haproxy(tmp_path_factory.mktemp("proxies") / "haproxy", served.port) as port:
        yield port


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_request_ends_its_connection(served: Uwsgi, name: str) -> None:
    with connected(served.port) as connection:
        connection.send(MALFORMED[name], *SMUGGLED)
        received = connection.receive(lambda received: b"\r\n\r\n" in received, 2)
        # One answer at most. uWSGI begins it with what it takes for the protocol.
        assert not received or re.match(rb"[^\r]+ 4\d\d ", received)
        assert received.count(b"X-Request-ID: ") <= 1
        assert not received or b"\r\nConnection:close\r\n" in received
    assert served.records(path="/smuggled") == []


@pytest.mark.parametrize("proxy", ["behind_nginx", "behind_haproxy"])
@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_request_hurts_nobody_behind_a_proxy(
    served: Uwsgi, request: pytest.FixtureRequest, proxy: str, name: str
) -> None:
    port = request.getfixturevalue(proxy)
    with connected(port) as attacker, connected(port) as other:
        attacker.send(MALFORMED[name], *SMUGGLED, innocent("SAME"))
        attacker.receive(lambda received: b"SAME" in ids(received), 0.3)
        # Whoever comes next, perhaps on the same connection to the service, has its own answers.
        other.send(innocent("OTHER0"))
        other.receive(lambda received: b"OTHER0" in ids(received), PATIENCE)
        other.send(innocent("OTHER1"))
        received = other.receive(lambda received: b"OTHER1" in ids(received), PATIENCE)
        assert ids(received) == [b"OTHER0", b"OTHER1"]
    # If the proxy takes what is in the body for requests, it adds its header to each of them, and
    # the service answers as many as the proxy has sent.
    assert served.records(logger="misbehaving", message="smuggled") == []


def test_with_http11_uwsgi_would_answer_what_is_in_the_body(
    rendered_service: Rendered, tmp_path: Path
) -> None:
    """What the tests above would see: uWSGI refuses the head and reads on where it ends."""
    options = ["--protocol=http11", "--socket-timeout=3"]
    with started(rendered_service, tmp_path, *options) as uwsgi:
        with connected(uwsgi.port) as connection:
            connection.send(MALFORMED["head-over-buffer-size"])
            time.sleep(0.3)
            connection.send(*SMUGGLED)
            received = connection.receive(lambda received: b"TWO" in ids(received), PATIENCE)
            assert {b"ONE", b"TWO"} & set(ids(received))
        assert not starvation.measure(uwsgi.port, idle=16).is_met


PLAIN = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize(
    "request_",
    [
        PLAIN,
        PLAIN + PLAIN,
        b"GET / HTTP/1.0\r\n\r\n",
        b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        head(CHUNKED) + b"5\r\nhello\r\n0\r\n\r\n" + PLAIN,
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: five\r\n\r\n",
    ],
)
def test_a_connection_ends_with_its_first_answer_which_says_so(
    served: Uwsgi, request_: bytes
) -> None:
    begun = time.monotonic()
    answer = served.talk(request_)
    assert time.monotonic() - begun < 5
    assert answer.count(b"HTTP/1.") == 1
    assert b"Connection:close\r\n" in answer


@pytest.mark.parametrize(
    ("request_", "status_line"),
    [("GET /nothing", b"204 NO CONTENT"), ("HEAD /", b"200 OK")],
    ids=["204", "HEAD"],
)
@pytest.mark.parametrize("header", ["Connection: close", "X-Other: y", "Content-Length: 0"])
def test_an_answer_without_a_body_arrives_before_its_connection_ends(
    served: Uwsgi, request_: str, status_line: bytes, header: str
) -> None:
    sent = f"{request_} HTTP/1.1\r\nHost: x\r\n{header}\r\n\r\n".encode()
    answer = served.talk(sent, hang_up=True)
    assert answer.startswith(b"HTTP/1.1 " + status_line), answer


def test_the_address_of_the_client_is_known(served: Uwsgi) -> None:
    connection = HTTPConnection("127.0.0.1", served.port, PATIENCE, source_address=("127.0.0.2", 0))
    connection.request("GET", "/client")
    assert b"127.0.0.2" in connection.getresponse().read()
    connection.close()


@pytest.mark.parametrize("proxy", ["behind_nginx", "behind_haproxy"])
def test_behind_a_proxy_a_connection_serves_many_requests(
    request: pytest.FixtureRequest, proxy: str
) -> None:
    port = request.getfixturevalue(proxy)
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.connect()
    connection.auto_open = 0

    def status(path: str, method: str = "GET", body: bytes | None = None) -> int:
        connection.request(method, path, body)
        answer = connection.getresponse()
        answer.read()
        return answer.status

    for path, expected in (
        *(("/", 200), ("/items/1/", 200), ("/nowhere", 404), ("/large/1", 200), ("/fail", 500)),
        *(("/nothing", 204), ("/", 200)),
    ):
        assert status(path) == expected
        assert status(path, "HEAD") == expected
    for size in (0, 5, 500_000):
        assert status("/body", "POST", b"x" * size) == 200
        # What nobody has read is not taken for the next request.
        assert status("/refused", "POST", b"GET / HTTP/1.1\r\n\r\n" * 9) == 401
    assert status("/") == 200
    connection.close()


def test_idle_connections_keep_nobody_out(served: Uwsgi) -> None:
    found = starvation.measure(served.port)
    assert found.is_met, found
    assert found.still_open == 0


def test_a_service_full_of_clients_that_send_nothing_is_live(
    rendered_service: Rendered, tmp_path: Path
) -> None:
    """More than there are threads and places in the queue, with nothing in front of them."""
    with started(rendered_service, tmp_path) as uwsgi, ExitStack() as stack:
        silent = []
        for _ in range(200):
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", uwsgi.port))
            silent.append(client)
        for _ in range(5):
            for client in silent[::2]:  # headers that trickle
                with suppress(OSError):
                    client.send(b"G")
            begun = time.monotonic()
            assert uwsgi.ask("/health/live", port=uwsgi.metrics_port).json == {"status": "ok"}
            assert time.monotonic() - begun < 5
            with pytest.raises(TimeoutError):
                socket_that_asks(uwsgi.port, stack).recv(1)
        stack.close()
        eventually(lambda: uwsgi.ask().status == 200, "it does not recover", uwsgi)


def socket_that_asks(port: int, stack: ExitStack) -> socket.socket:
    """Send a request on a new connection, as far as it gets; it waits a second for the answer."""
    client = stack.enter_context(socket.socket())
    client.settimeout(1)
    client.connect(("127.0.0.1", port))
    client.sendall(PLAIN)
    return client


def test_with_gevent_idle_connections_keep_nobody_out_and_bodies_are_read(
    rendered_service: Rendered, tmp_path: Path
) -> None:
    skip_without_gevent(rendered_service)
    with started(rendered_service, tmp_path, gevent=True) as uwsgi:
        assert uwsgi.ask().headers["Connection"] == "close"
        assert starvation.measure(uwsgi.port).still_open == 0
        assert uwsgi.ask("/body", "POST", b"x" * 500_000).json == {"length": 500_000}
        answer = uwsgi.talk(head(CHUNKED, target=b"/body"), b"5\r\nhello\r\n0\r\n\r\n")
        assert answer.endswith(b'{"length":5}\n')
        assert uwsgi.ask("/refused", "POST", b"x" * 5_000_000).status == 401


def test_idle_connections_do_not_keep_the_service_from_ending(
    rendered_service: Rendered, tmp_path: Path
) -> None:
    # The service would let go of them later than the test waits.
    with started(rendered_service, tmp_path, f"--socket-timeout={2 * int(PATIENCE)}") as uwsgi:
        connections = [Connection(uwsgi.port) for _ in range(6)]
        for connection in connections:
            connection.send(PLAIN)
            assert b" 200 OK" in connection.receive(lambda got: b" 200 OK" in got, PATIENCE)
        uwsgi.send(signal.SIGTERM)
        assert uwsgi.wait_for_end() == 0
        assert uwsgi.members() == []
        for connection in connections:
            connection.close()


# Load.


def test_who_waited_for_too_long_is_refused_and_those_after_them_are_not(
    rendered_service: Rendered, tmp_path: Path
) -> None:
    """16 threads are busy; 20 requests wait behind them, for more than the 2 seconds that they may.

    A proxy says since when.
    """
    with (
        started(rendered_service, tmp_path) as uwsgi,
        nginx(tmp_path / "nginx", uwsgi.port) as proxy,
        ThreadPoolExecutor(40) as clients,
    ):

        def wait() -> Future[Answer]:
            return clients.submit(uwsgi.ask, "/held", port=proxy.port)

        busy = [wait() for _ in range(16)]
        eventually(lambda: len(uwsgi.records(message="busy")) == 16, "not all are busy", uwsgi)
        waiting = [wait() for _ in range(20)]
        eventually(lambda: uwsgi.metrics()["uwsgi_listen_queue"] == 20, "not all wait", uwsgi)
        time.sleep(3)
        uwsgi.release()
        assert [answer.result().status for answer in busy] == [200] * 16
        assert {answer.result().status for answer in waiting} == {503}
        assert all(int(answer.result().headers["Retry-After"]) > 0 for answer in waiting)
        assert uwsgi.ask(port=proxy.port).status == 200
        assert uwsgi.requests_counted(route="unmatched", status="503") == 20


@pytest.mark.parametrize("gevent", [False, True], ids=["threads", "gevent"])
def test_without_a_proxy_some_are_refused_and_never_all(
    rendered_service: Rendered, tmp_path: Path, gevent: bool
) -> None:
    """4 requests of a second each run at a time; 16 more wait, four seconds: twice the limit."""
    if gevent:
        skip_without_gevent(rendered_service)
    options = ["--gevent=2"] if gevent else ["--threads=2"]
    with (
        started(rendered_service, tmp_path, *options, gevent=gevent) as uwsgi,
        ThreadPoolExecutor(20) as clients,
    ):
        begun = time.monotonic()

        def ask(number: int) -> list[int]:
            found = []
            while time.monotonic() < begun + 6:
                found.append(uwsgi.ask("/wait/1.0").status)
                if found[-1] == 503:
                    time.sleep(1)
            return found

        statuses = [status for found in clients.map(ask, range(20)) for status in found]
        assert set(statuses) == {200, 503}
        # The threads are in use: 24 are possible, fewer where other programs keep the machine busy.
        assert statuses.count(200) >= 4 * 6 / 2
        assert uwsgi.ask("/health/live").status != 503


@contextmanager
def loaded(uwsgi: Uwsgi, port: int, clients: int = 4) -> Iterator[list[int]]:
    """Send requests, half of them POST, until the block ends, and collect the statuses."""
    statuses: list[int] = []
    ended = Event()

    def send() -> None:
        # Bounded, and with pauses: it must not be over before a slow restart is.
        for _ in range(5000):
            if ended.wait(0.02):
                return
            statuses.append(uwsgi.ask("/body", "POST", b"x" * 10_000, port=port).status)
            statuses.append(uwsgi.ask("/items/1/", port=port).status)

    with ThreadPoolExecutor(clients) as pool:
        sending = [pool.submit(send) for _ in range(clients)]
        try:
            yield statuses
        finally:
            ended.set()
        for each in sending:
            each.result()


def test_no_request_is_lost_while_workers_are_replaced(
    rendered_service: Rendered, tmp_path: Path
) -> None:
    options = ["--reload-on-rss=150", "--min-worker-lifetime=1"]
    with (
        started(rendered_service, tmp_path, *options) as uwsgi,
        nginx(tmp_path / "nginx", uwsgi.port) as proxy,
        loaded(uwsgi, proxy.port) as statuses,
    ):
        for _ in range(2):
            leak(uwsgi)
    assert len(statuses) > 50
    assert set(statuses) == {200}


def test_no_request_is_lost_while_workers_end_after_a_number_of_requests(
    rendered_service: Rendered, tmp_path: Path
) -> None:
    options = ["--max-requests=100", "--min-worker-lifetime=1"]
    with (
        started(rendered_service, tmp_path, *options) as uwsgi,
        nginx(tmp_path / "nginx", uwsgi.port) as proxy,
        loaded(uwsgi, proxy.port) as statuses,
    ):

        def are_replaced() -> bool:
            found = uwsgi.metrics()
            return all(found[f'uwsgi_worker_starts_total{{worker="{n}"}}'] >= 3 for n in (1, 2))

        eventually(are_replaced, "they are not replaced", uwsgi)
    assert set(statuses) == {200}


def test_only_a_stuck_request_is_lost_when_its_worker_is_killed(
    rendered_service: Rendered, tmp_path: Path
) -> None:
    """The worker takes no more requests before that, and the others that it has may end."""
    with (
        started(rendered_service, tmp_path, "--harakiri=5") as uwsgi,
        nginx(tmp_path / "nginx", uwsgi.port) as proxy,
        ThreadPoolExecutor(1) as pool,
        loaded(uwsgi, proxy.port, clients=8) as statuses,
    ):
        stuck = pool.submit(uwsgi.ask, "/wait/600.0")
        assert isinstance(stuck.exception(), RemoteDisconnected | ConnectionResetError)
        wanted = len(statuses) + 50
        while len(statuses) < wanted:
            time.sleep(0.05)
    assert set(statuses) == {200}


def test_no_request_is_lost_while_one_of_two_services_is_restarted(
    rendered_service: Rendered, tmp_path: Path
) -> None:
    """As in Kubernetes, which takes a pod out of the traffic before it sends SIGTERM."""
    folders = [tmp_path / name for name in ("one", "two", "again")]
    for folder in folders:
        folder.mkdir()
    with (
        started(rendered_service, folders[0]) as one,
        started(rendered_service, folders[1]) as two,
        nginx(tmp_path / "nginx", one.port, two.port) as proxy,
        loaded(one, proxy.port) as statuses,
    ):
        time.sleep(0.5)
        proxy.send_to([two.port])
        one.send(signal.SIGTERM)
        assert one.wait_for_end() == 0
        with started(rendered_service, folders[2], port=one.port) as again:
            proxy.send_to([one.port, two.port])
            eventually(
                lambda: again.requests_counted(route="/body") > 0,
                "the restarted service gets no requests",
                again,
            )
            proxy.send_to([two.port])
    assert len(statuses) > 50
    assert set(statuses) == {200}


def test_no_request_is_lost_while_each_of_two_services_is_restarted_with_traffic(
    rendered_service: Rendered, tmp_path: Path
) -> None:
    """Nothing takes them out of the traffic: what waits is served, and what comes later refused.

    nginx sends a request that was refused to the other one, also a POST, which it sends only once.
    """
    folders = iter([tmp_path / str(number) for number in range(4)])

    def folder() -> Path:
        made = next(folders)
        made.mkdir()
        return made

    with ExitStack() as stack:
        services = [
            stack.enter_context(started(rendered_service, folder(), "--threads=2"))
            for _ in range(2)
        ]
        ports = [service.port for service in services]
        proxy = stack.enter_context(nginx(tmp_path / "nginx", *ports))
        # More clients than threads, so that there are always some that wait.
        with loaded(services[0], proxy.port, clients=24) as statuses:
            for number in (0, 1):
                wanted = len(statuses) + 50
                while len(statuses) < wanted:
                    time.sleep(0.05)
                services[number].send(signal.SIGTERM)
                assert services[number].wait_for_end() == 0
                again = started(rendered_service, folder(), "--threads=2", port=ports[number])
                services[number] = stack.enter_context(again)
    assert set(statuses) == {200}


def test_what_waits_when_a_service_ends_is_served_and_what_comes_later_is_refused(
    rendered_service: Rendered, tmp_path: Path
) -> None:
    options = ["--workers=1", "--threads=2"]
    with started(rendered_service, tmp_path, *options) as uwsgi, ThreadPoolExecutor(8) as clients:
        busy = [clients.submit(uwsgi.ask, "/held") for _ in range(2)]
        eventually(lambda: len(uwsgi.records(message="busy")) == 2, "they are not busy", uwsgi)
        waiting = [clients.submit(uwsgi.ask, "/body", "POST", b"x" * 10_000) for _ in range(6)]
        eventually(lambda: uwsgi.metrics()["uwsgi_listen_queue"] == 6, "they do not wait", uwsgi)
        uwsgi.send(signal.SIGTERM)
        time.sleep(1)
        # What waits is served by the threads that become free, and the socket is closed after that.
        uwsgi.release()
        eventually(partial(is_refused, uwsgi.port), "it takes new connections")
        assert {request.result().status for request in (*busy, *waiting)} == {200}
        assert uwsgi.wait_for_end() == 0


def is_refused(port: int) -> bool:
    """Whether a new connection is refused, and not reset or left waiting."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=0.5).close()
    except ConnectionRefusedError:
        return True
    return False
