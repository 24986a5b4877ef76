"""What nobody sends by mistake, to each service of the system: none breaks, and each says no."""

import json
import socket
import string
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPResponse

import pytest
import requests

from tasks.checks.visitor import Visitor
from tasks.running_service import RunningService
from tasks.system import System
from tests.waiting import eventually

TEN_MEGABYTES = 10 * 1024 * 1024
LONG = "x" * 10_000
NAMES = ("users", "thoughts", "frontend")

BODY_PATHS = {"users": "/api/login/", "thoughts": "/api/me/thoughts/", "frontend": "/login/"}
"""What takes a body, by service."""


@pytest.fixture(params=NAMES)
def service(request: pytest.FixtureRequest, system: System) -> Iterator[RunningService]:
    """Each service; afterwards it is well, and has logged no error that it did not expect."""
    each: RunningService = getattr(system, request.param)
    yield each
    assert requests.get(f"{each.address}/health/live", timeout=10).json() == {"status": "ok"}
    assert '"unexpected error"' not in each.log.read_text("utf-8")


def post(service: RunningService, system: System, body: object) -> requests.Response | None:
    """Send a body; None where the service closes the connection before it has all been sent."""
    path = next(BODY_PATHS[name] for name in NAMES if getattr(system, name) is service)
    headers = {"Content-Type": "application/json"} | system.authorization(system.person)
    try:
        return requests.post(
            service.address + path,
            data=body,  # type: ignore[arg-type]  # bytes, or pieces of it
            headers=headers,
            timeout=30,
        )
    except requests.ConnectionError:
        return None


def test_ten_megabytes_are_refused(service: RunningService, system: System) -> None:
    answer = post(service, system, b"x" * TEN_MEGABYTES)
    assert answer is not None
    assert answer.status_code == 413


def test_ten_megabytes_without_a_length_are_refused(
    service: RunningService, system: System
) -> None:
    pieces = (b"x" * 65_536 for _ in range(TEN_MEGABYTES // 65_536))
    answer = post(service, system, pieces)
    assert answer is None or answer.status_code in {400, 411, 413}


def test_ten_megabytes_are_refused_with_a_page_for_people(system: System) -> None:
    visitor = Visitor(system)
    visitor.sign_in()
    said = visitor.send("/thoughts/new", expected=413, text="x" * TEN_MEGABYTES)
    assert "This is too much at once" in said.text


@pytest.mark.parametrize("field", ["username", "password"])
def test_no_long_field_signs_anybody_in(system: System, field: str) -> None:
    login = {"username": system.person.username, "password": system.person.password, field: LONG}
    answer = requests.post(f"{system.users.address}/api/login/", json=login, timeout=30)
    assert answer.status_code in {400, 401}
    assert LONG not in answer.text
    page = Visitor(system).send("/login/", expected=answer.status_code, **login)
    assert "<h1>Sign in</h1>" in page.text


def test_a_text_of_10000_characters_is_kept_whole_and_one_more_is_refused(system: System) -> None:
    visitor = Visitor(system)
    visitor.sign_in()
    assert LONG in visitor.send("/thoughts/new", text=LONG).text
    assert "10,000" in visitor.send("/thoughts/new", expected=400, text=f"{LONG}x").text


def test_a_long_search_is_answered(system: System) -> None:
    """A page or a refusal; the frontend's own address has to fit into a request to the backend."""
    for length in (100, 1_000, 5_000, 20_000):
        url = f"{system.frontend.address}/search"
        answer = requests.get(url, params={"search": "y" * length}, timeout=30)
        assert answer.status_code in {200, 400, 414}, length


def test_searches_that_grow_on_their_way_take_no_page_off(system: System) -> None:
    """Five kilobytes of raw bytes are sixteen once they are encoded: no backend reads them."""
    head = b"GET /search?search=%s HTTP/1.1\r\nHost: localhost\r\n\r\n" % ("ä" * 2_700).encode()

    def search(_: int) -> bytes:
        address = ("127.0.0.1", system.frontend.port)
        with socket.create_connection(address, timeout=30) as connection:
            connection.sendall(head)
            return connection.recv(12)

    with ThreadPoolExecutor(14) as threads:
        assert set(threads.map(search, range(56))) == {b"HTTP/1.1 400"}
    assert requests.get(f"{system.frontend.address}/", timeout=10).status_code == 200
    assert "responded 414" not in system.frontend.logged()


HEADERS: dict[str, bytes] = {
    "an id of two lines": b"X-Request-ID: a\r\n b",
    "an id that is too long": b"X-Request-ID: " + b"a" * 5_000,
    "an id with quotes": b'X-Request-ID: "}{"level":"ERROR"',
    "an id in other bytes": b"X-Request-ID: \xff\xfe\x00".replace(b"\x00", b""),
    "a token that is none": b"Authorization: Bearer " + b"." * 3_000,
    "a token in other bytes": b"Authorization: Bearer \xff\xfe",
    "no scheme": b"Authorization:",
    "another host": b"Host: evil.example",
    "a host that is none": b"Host: ]]]:x",
    "a forwarded host": b"X-Forwarded-Host: evil.example",
    "a forwarded address": b"X-Forwarded-For: ' OR 1=1 --, ::::, 999.1.1.1",
    "very many forwarded addresses": b"X-Forwarded-For: " + b"10.0.0.1," * 400,
    "a cookie that is none": b"Cookie: __Host-session=" + b"\xff.e30.x" * 100,
    "very many cookies": b"; ".join(b"c%d=1" % n for n in range(400)).join([b"Cookie: ", b""]),
    "an impossible length": b"Content-Length: -1",
    "another impossible length": b"Content-Length: 9e9",
    "two lengths": b"Content-Length: 0\r\nContent-Length: 5",
    "a type that is none": b"Content-Type: /;;;charset=\x80",
    "a method override": b"X-HTTP-Method-Override: DELETE",
    "an impossible range": b"Range: bytes=9-1,-,x",
    "impossible languages": b"Accept-Language: " + b"x;q=9," * 300,
    "a date that is none": b"If-Modified-Since: Tomorrow at noon",
}


@pytest.mark.parametrize("sort", HEADERS)
def test_a_hostile_header_is_no_fault_of_the_service(
    service: RunningService, system: System, sort: str
) -> None:
    with (
        socket.create_connection(("127.0.0.1", service.port), timeout=20) as connection,
        closing(HTTPResponse(connection)) as answer,
    ):
        lines = [b"GET / HTTP/1.1", HEADERS[sort], b"Connection: close"]
        if not HEADERS[sort].startswith(b"Host"):
            lines.append(b"Host: localhost")
        connection.sendall(b"\r\n".join([*lines, b"", b""]))
        try:
            answer.begin()
        except ConnectionError:
            return  # uWSGI does not talk to such callers
        body = answer.read()
        assert answer.status < 500
        assert b"evil.example" not in body
        assert "evil.example" not in str(answer.headers)
        identifier = answer.headers["X-Request-ID"]
    printable = set(string.ascii_letters + string.digits + "-_.")
    assert identifier is None or set(identifier) <= printable, identifier


def test_what_a_hostile_caller_has_sent_breaks_no_line_of_any_log(system: System) -> None:
    """The tests above have sent what they could: a line for each request, and each is JSON."""
    for each in system.services:

        def are_json(each: RunningService = each) -> bool:
            whole, _, _ = each.log.read_text("utf-8").rpartition("\n")
            return all(isinstance(json.loads(line), dict) for line in whole.splitlines())

        eventually(are_json)
