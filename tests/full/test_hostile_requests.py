"""Requests that nobody sends by mistake: none is answered 500, or with anything but JSON."""

import gzip
import json
import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPResponse

import pytest
import requests

from tasks.checks.caller import Caller
from tasks.running_service import RunningService

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=x"
LARGEST_BODY = 1024 * 1024
DEEP = 100_000


@dataclass(frozen=True)
class Answer:
    """What a service has answered to bytes."""

    status: int
    headers: dict[str, str]
    body: bytes


def talk(call: Caller[RunningService], request: bytes) -> Answer | None:
    """Send bytes; return the answer, or None where the connection is closed without one."""
    address = ("127.0.0.1", call.service.port)
    with (
        socket.create_connection(address, timeout=20) as connection,
        closing(HTTPResponse(connection)) as answer,
    ):
        connection.sendall(request)
        try:
            answer.begin()
        except ConnectionError:
            return None
        return Answer(answer.status, dict(answer.headers), answer.read())


def head(line: bytes, **headers: bytes) -> bytes:
    """Return the head of a request."""
    lines = [line, b"Host: localhost", b"Connection: close"]
    lines += [name.replace("_", "-").encode() + b": " + value for name, value in headers.items()]
    return b"\r\n".join([*lines, b"", b""])


def assert_is_json(answer: Answer | None) -> None:
    """See that an answer is JSON, and an error one with a message."""
    assert answer is not None
    assert answer.headers["Content-Type"] == "application/json"
    if answer.status >= 400:
        assert json.loads(answer.body)["message"]


def part(name: bytes, value: bytes, *more: bytes) -> bytes:
    """Return one part of a multipart form."""
    disposition = b'Content-Disposition: form-data; name="' + name + b'"'
    return b"\r\n".join([b"--x", disposition, *more, b"", value, b""])


@pytest.fixture(autouse=True)
def _it_is_well_after_each(call: Caller[RunningService]) -> Iterator[None]:
    yield
    assert call("GET", "/health/live", 200).json() == {"status": "ok"}
    assert '"unexpected error"' not in call.service.log.read_text("utf-8")


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        (JSON, b"", 400),
        (JSON, b"{", 400),
        (JSON, b"[]", 400),
        (JSON, b"null", 400),
        (JSON, b'"text"', 400),
        (JSON, b"text=a", 400),
        (JSON, b'{"text": "\xff"}', 400),
        (JSON, b'{"text": "\xed\xa0\x80"}', 400),
        (JSON, b'{"text": "\\ud800"}', 400),
        (JSON, b'{"text": "\\ud83c\\udf88"}', 201),
        (JSON, b'{"text": "a\x00b"}', 400),
        (JSON, b'{"text": "a\\u0000b"}', 400),
        (JSON, b'{"text": "a", "\\u0000": "\\ud800", "\\udfff": NaN, "": Infinity}', 400),
        (JSON, b'{"text": NaN}', 400),
        (JSON, b'{"text": 1e999}', 400),
        (JSON, b'{"text": ' + b"9" * 4000 + b"}", 400),
        (JSON, b'{"text": ' + b"9" * 5000 + b"}", 400),
        (JSON, b'{"text": ' + b"[" * DEEP + b"]" * DEEP + b"}", 400),
        (JSON, b'{"text": ' * DEEP + b"1" + b"}" * DEEP, 400),
        (JSON, b"[" * DEEP, 400),
        (JSON, b'{"text": "' + b"a" * LARGEST_BODY + b'"}', 413),
        (JSON, b"a" * LARGEST_BODY * 4, 413),
        ("application/json; charset=nonsense", b'{"text": "a"}', 201),
        ("application/json; charset=latin-1", b'{"text": "\xe4"}', 400),
        ("application/json; charset=utf-16", '{"text": "ä"}'.encode("utf-16"), 400),
        (FORM, b"", 400),
        (FORM, b"text=", 400),
        (FORM, b"text=a+%26+%C3%A4", 201),
        (FORM, b"text=a%00b", 400),
        (FORM, b"text=a\x00b", 400),
        (FORM, b"text=%FF", 400),
        (FORM, b"text=\xff\xfe", 400),
        (FORM, b"text=%ED%A0%80", 400),
        (FORM, b"text=%zz%", 201),
        (FORM, b"text=" + b"a" * 10_001, 400),
        (FORM, b"text=" + b"a" * LARGEST_BODY, 413),
        (FORM, b"&".join(b"x%d=1" % number for number in range(50_000)), 400),
        (FORM, b"[" * DEEP, 400),
        (MULTIPART, b"", 400),
        (MULTIPART, b"rubbish", 400),
        (MULTIPART, part(b"text", b"a") + b"--x--\r\n", 201),
        (MULTIPART, part(b"text", b"a"), 400),
        (MULTIPART, part(b"text", b"a\x00") + b"--x--\r\n", 400),
        (MULTIPART, part(b"text", b"\xff") + b"--x--\r\n", 400),
        (MULTIPART, part(b"text", b"a", b"Content-Type: text/plain; charset=x") + b"--x--", 201),
        (MULTIPART, part(b'text"; filename="a', b"a") + b"--x--\r\n", 400),
        (MULTIPART, part(b"x", b"a") * 2000 + b"--x--\r\n", 413),
        ("multipart/form-data", part(b"text", b"a") + b"--x--\r\n", 400),
        ("multipart/form-data; boundary=" + "x" * 500, b"--x\r\n", 400),
        ("text/plain", b'{"text": "a"}', 415),
        ("application/xml", b"<text>a</text>", 415),
        ("application/x-msgpack", b"\x81\xa4text\xa1a", 415),
        ("json", b'{"text": "a"}', 415),
        (";;;", b'{"text": "a"}', 415),
        ("a/" + "b" * 4000, b'{"text": "a"}', 415),
        ("", b'{"text": "a"}', 415),
        ("", b"", 400),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_body_of_any_kind(
    call: Caller[RunningService], content_type: str, body: bytes, status: int
) -> None:
    headers = call.ada | ({"Content-Type": content_type} if content_type else {})
    answer = call("POST", call.own, status, headers=headers, data=body)
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json().get("id" if status == 201 else "message")


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate, gzip", "x" * 500])
def test_a_body_that_is_coded_is_415(call: Caller[RunningService], coding: str) -> None:
    headers = call.ada | {"Content-Type": JSON, "Content-Encoding": coding}
    for body in (gzip.compress(b'{"text": "a"}'), b'{"text": "a"}'):
        answer = call("POST", call.own, 415, headers=headers, data=body)
        assert "Content-Encoding" in answer.json()["message"]


@pytest.mark.parametrize(
    ("content_type", "body"), [(JSON, b'{"text": "a", "text": "b"}'), (FORM, b"text=a&text=b")]
)
def test_what_is_sent_twice_is_refused(
    call: Caller[RunningService], content_type: str, body: bytes
) -> None:
    """A proxy that checks requests may look at the first, and the service take the last."""
    headers = call.ada | {"Content-Type": content_type}
    refused = call("POST", call.own, 400, headers=headers, data=body)
    assert refused.json()["errors"] == {"text": "Must be sent once."}
    query = call("GET", f"{call.all}?limit=1&limit=100&search=&search=nowhere", 400)
    assert query.json()["errors"].keys() == {"limit", "search"}


def chunks(*pieces: bytes) -> Iterator[bytes]:
    """Yield the pieces: requests sends what it cannot know the length of in chunks."""
    yield from pieces


def test_a_body_may_come_in_chunks(call: Caller[RunningService]) -> None:
    headers = call.ada | {"Content-Type": JSON}
    body = chunks(b'{"text":', b' "in chunks"', b"}")
    made = call("POST", call.own, 201, headers=headers, data=body)
    assert made.json()["text"] == "in chunks"
    call("POST", call.own, 400, headers=headers, data=chunks(b'{"text":', b"}"))
    call("POST", call.own, 401, data=chunks(b'{"text":', b"}"))


def test_chunks_that_are_too_many_are_413(call: Caller[RunningService]) -> None:
    headers = call.ada | {"Content-Type": JSON}
    call("POST", call.own, 413, headers=headers, data=chunks(*[b"a" * 60_000] * 40))


@pytest.mark.parametrize("size", [0, 100, 5_000_000])
def test_a_body_without_a_token_is_401_whatever_its_size(
    call: Caller[RunningService], size: int
) -> None:
    for _ in range(5):
        answer = call("POST", call.own, 401, headers={"Content-Type": JSON}, data=b"a" * size)
        assert answer.json()["message"]


@pytest.mark.parametrize(
    ("target", "status"),
    [
        (b"/api/tho\x00ughts/", 404),
        (b"/api/tho%00ughts/", 404),
        (b"/api/\xff\xed\xa0\x80/", 404),
        (b"/api/%ff%ed%a0%80/", 404),
        (b"/api%2Fthoughts/", 200),
        (b"/api/thoughts%2F", 200),
        (b"/api/thoughts/1%2F2/", 404),
        (b"/api/thoughts/..%2F..%2Fetc%2Fpasswd", 404),
        (b"/swagger-ui/%2e%2e/%2e%2e/settings.yaml", 404),
        (b"/swagger-ui/..\\..\\settings.yaml", 404),
        (b"/api/thoughts/?search=\x00", 400),
        (b"/api/thoughts/?search=%00", 400),
        (b"/api/thoughts/?search=\xc3\xa4", 200),
        (b"/api/thoughts/?search=\xff", 400),
        (b"/api/thoughts?search=\xff", 400),
        (b"/nowhere?search=\xff", 400),
        (b"/api/thoughts/?search=%ff%ed%a0%80", 400),
        (b"/api/thoughts/?%00=%00&%ff=%ff&\x01=\x02", 400),
        (b"/api/thoughts/?search=%", 200),
        (b"/api/thoughts/?search=%zz", 200),
        (b"/api/thoughts/?search=" + b"%F0%9F%8E%88" * 200, 200),
        (b"/api/thoughts/?search=" + b"%F0%9F%8E%88" * 201, 400),
        (b"/api/thoughts/?limit=0&x=" + b"x" * 8000, 400),
        (b"/api/thoughts/?limit=0&x=" + b"x" * 8200, 414),
        (b"/api/thoughts/?limit=0&x=" + b"x" * 16_000, 414),
        (b"/api/thoughts/?limit=0&x=" + b"x" * 30_000, 414),
        (b"/api/thoughts/?limit=0" + b"&x=" * 5000, 414),
        (b"/" + b"x" * 8000, 404),
        (b"/" + b"x" * 15_000, 414),
        (b"/api/thoughts/" + b"9" * 8000 + b"/", 404),
        (b"/" * 8000 + b"x", 404),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_an_address_of_any_kind(call: Caller[RunningService], target: bytes, status: int) -> None:
    target = target.replace(b"thoughts", call.service.resources.encode())
    answer = talk(call, head(b"GET " + target + b" HTTP/1.1"))
    assert_is_json(answer)
    assert answer is not None
    assert answer.status == status


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"\x00",
        b"\xff\xfe",
        b"\xed\xa0\x80",
        b"a\x00b",
        b"a" * 8000,
        b"\t \t",
        b',;="',
    ],
    ids=lambda value: repr(value)[:20],
)
def test_a_header_of_any_kind(call: Caller[RunningService], value: bytes) -> None:
    token = call.ada["Authorization"].encode()
    for name, status in (
        ("Authorization", 401),
        ("X_Request_ID", 200),
        ("Cookie", 200),
        ("Accept", 200),
        ("If_None_Match", 200),
        ("X_Fields", 200),
        ("X_Forwarded_For", 200),
        ("User_Agent", 200),
    ):
        headers = {"Authorization": token} | {name: value}
        answer = talk(call, head(f"GET {call.own} HTTP/1.1".encode(), **headers))
        assert_is_json(answer)
        assert answer is not None
        assert answer.status == status, name


@pytest.mark.parametrize(
    "host", [b"", b"\xff\x00", b"[::1", b"a:99999999", b"<script>", b"a" * 9000]
)
def test_a_host_of_any_kind(call: Caller[RunningService], host: bytes) -> None:
    for path in (call.all, call.all.rstrip("/")):
        request = b"GET " + path.encode() + b" HTTP/1.1\r\nHost: " + host + b"\r\n\r\n"
        answer = talk(call, request)
        assert_is_json(answer)
        assert answer is not None
        assert answer.status in {200, 308, 400}
        assert host not in answer.headers.get("Location", "-").encode() or not host


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /api HTTP/1.1\r\n\r\n",
        b"GET /api HTTP/1.0\r\n\r\n",
        b"get /api HTTP/1.1\r\nHost: a\r\n\r\n",
        b"\xff\xfe /api HTTP/1.1\r\nHost: a\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET api HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET http://evil.example/api HTTP/1.1\r\nHost: a\r\n\r\n",
        b"POST /api HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"POST /api HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        *(
            b"%s /health/live HTTP/1.1\r\nHost: a\r\n%s\r\n\r\nhello" % (method, header)
            for method in (b"GET", b"POST")
            for header in (
                b"Content-Length: 18446744073709551616",
                b"Content-Length: 9223372036854775808",
                b"Content-Length: " + b"9" * 400,
                b"Content-Length : 5",
                b"Content-Length\t: 5",
                b"Content Length: 5",
                b"Transfer-Encoding : chunked",
                b"X-Any : 1",
            )
        ),
        b"POST /api HTTP/1.1\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /api HTTP/1.1\r\nTransfer-Encoding: nonsense\r\n\r\n",
        b"POST /api HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST /api HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
    ],
    ids=repr,
)
def test_what_is_hardly_http(call: Caller[RunningService], request_: bytes) -> None:
    answer = talk(call, request_)
    assert_is_json(answer)
    assert answer is not None
    assert 400 <= answer.status < 500


def test_headers_that_are_too_large_are_not_answered_and_do_no_harm(
    call: Caller[RunningService],
) -> None:
    for _ in range(20):
        assert talk(call, head(b"GET /api HTTP/1.1", Cookie=b"a" * 100_000)) is None


def test_a_client_that_goes_away_does_no_harm(call: Caller[RunningService]) -> None:
    address = ("127.0.0.1", call.service.port)
    for request in (
        b"",
        b"GET ",
        head(f"GET {call.all} HTTP/1.1".encode()),
        head(b"POST / HTTP/1.1", Content_Length=b"100") + b"a",
    ):
        for _ in range(10):
            with socket.create_connection(address, timeout=20) as connection:
                connection.sendall(request)
    assert requests.get(f"{call.service.address}{call.all}", timeout=20).status_code == 200
