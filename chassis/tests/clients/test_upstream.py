"""Calls of other services: what travels, what is tried again, what comes of failures."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from flask import Flask
from prometheus_client import REGISTRY

from flask_chassis.auth.access import public
from flask_chassis.clients import upstream
from flask_chassis.clients.dependencies import declared
from flask_chassis.clients.errors import (
    BadResponseError,
    LostResponseError,
    RefusedError,
    RequestTooLongError,
    TooSlowError,
    UnreachableError,
    UpstreamError,
)
from flask_chassis.clients.upstream import Upstream
from flask_chassis.exceptions import ConfigurationError
from flask_chassis.http import errors, middleware, responses
from flask_chassis.observability import health
from flask_chassis.settings import Settings
from flask_chassis.testing.upstream import Reply, Service

PATIENT = 60.0
IMPATIENT = 0.2
LARGEST = 1000


@pytest.fixture
def other() -> Iterator[Service]:
    """The service that is called."""
    with Service() as service:
        service.on("GET", "/", Reply(json={"right": True}))
        service.on("POST", "/", Reply(201, {"right": True}))
        yield service


def made(url: str, **others: Any) -> Flask:
    """Make an application that may call a service `other`; `calls.attempts` is `attempts=…`."""
    calls = {
        "connect_timeout_seconds": PATIENT,
        "read_timeout_seconds": PATIENT,
        "total_timeout_seconds": PATIENT,
        "attempts": 3,
        "max_answer_bytes": LARGEST,
        "pool_size": 10,
        "at_a_time": 10,
        "breaker_failures": 0,
        "breaker_seconds": 60.0,
    } | others
    values = {f"calls.{name}": value for name, value in calls.items()} | {
        "upstream.other.url": url,
        "upstream.other.minimum_version": "",
        "http.max_body_bytes": 1000,
    }
    settings = Settings("tests.local", MappingProxyType(values))
    app = Flask("caller", static_folder=None)
    for part in (errors, health, upstream, middleware):
        part.init_app(app, settings)
    app.add_url_rule("/", "call", public(_call_and_answer))
    return app


def _call_and_answer() -> Any:
    return responses.json(upstream.service("other").get("/").json())


def service_of(app: Flask) -> Upstream:
    """Return what an application calls."""
    with app.app_context():
        return upstream.service("other")


@pytest.fixture
def call(other: Service) -> Upstream:
    """The service, as it is called."""
    return service_of(made(other.url))


def test_an_answer_comes_back(call: Upstream, other: Service) -> None:
    answer = call.get("/", params={"search": "a&b ü"})
    assert (answer.status, answer.json()) == (200, {"right": True})
    assert answer.headers["content-type"] == "application/json"
    [received] = other.requests
    assert received.query == {"search": "a&b ü"}


def test_what_is_posted_arrives(call: Upstream, other: Service) -> None:
    assert call.post("/", json={"text": "ü"}, token="a.b.c").status == 201
    [received] = other.requests
    assert received.json == {"text": "ü"}
    assert received.headers["Authorization"] == "Bearer a.b.c"


def test_a_base_with_a_path_is_kept(other: Service) -> None:
    other.on("GET", "/base/thing/", Reply(json=1))
    assert service_of(made(f"{other.url}/base/")).get("/thing/").json() == 1


def test_without_a_token_none_is_sent(call: Upstream, other: Service) -> None:
    call.get("/")
    assert "Authorization" not in other.requests[0].headers


def test_the_requests_id_travels(other: Service) -> None:
    client = made(other.url).test_client()
    client.get("/", headers={"X-Request-ID": "order-17"})
    client.get("/")
    first, second = [each.headers["X-Request-ID"] for each in other.requests]
    assert first == "order-17"
    assert second != first


def test_a_connection_is_used_again(call: Upstream, other: Service) -> None:
    for _ in range(5):
        call.get("/")
    assert (len(other.requests), other.connections) == (5, 1)


def test_threads_share_the_connections_and_nothing_else(call: Upstream, other: Service) -> None:
    other.on("GET", "/", Reply(json={}, headers={"Set-Cookie": "whose=mine; Path=/"}))
    failed: list[object] = []

    def use(number: int) -> None:
        try:
            for _ in range(10):
                call.get("/", params={"n": str(number)}, token=f"token-{number}")
        except UpstreamError as error:
            failed.append(error)

    threads = [threading.Thread(target=use, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len(other.requests) == 80
    for received in other.requests:
        assert received.headers["Authorization"] == f"Bearer token-{received.query['n']}"
        assert "Cookie" not in received.headers
    assert other.connections <= 8


def test_the_surroundings_change_no_call(
    other: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy for the outside is none for the cluster, and `~/.netrc` has nobody's token."""
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login eve password hunter2")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    call = service_of(made(other.url))
    call.get("/", token="mine")
    call.get("/")
    assert other.requests[0].headers["Authorization"] == "Bearer mine"
    assert "Authorization" not in other.requests[1].headers


# What is tried again.


@pytest.mark.parametrize("status", [502, 503, 504])
def test_an_unavailable_service_is_asked_again(call: Upstream, other: Service, status: int) -> None:
    other.on("GET", "/", Reply(status), Reply(status), Reply(json="there"))
    assert call.get("/").json() == "there"
    assert len(other.requests) == 3


def test_a_connection_that_breaks_is_tried_again(call: Upstream, other: Service) -> None:
    other.on("GET", "/", Reply(raw=b""), Reply(json="there"))
    assert call.get("/").json() == "there"


def test_no_more_attempts_are_made_than_the_settings_say(call: Upstream, other: Service) -> None:
    other.on("GET", "/", Reply(503))
    with pytest.raises(UnreachableError):
        call.get("/")
    assert len(other.requests) == 3


def test_what_is_not_idempotent_is_tried_once(call: Upstream, other: Service) -> None:
    for reply in (Reply(503), Reply(raw=b"")):
        other.on("POST", "/", reply)
        other.requests.clear()
        with pytest.raises(UnreachableError):
            call.post("/", json={})
        assert len(other.requests) == 1


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_other_idempotent_methods_are_tried_again(
    call: Upstream, other: Service, method: str
) -> None:
    other.on(method, "/", Reply(503), Reply(204))
    assert call.call(method, "/").status == 204


@pytest.mark.parametrize("status", [400, 401, 404, 409, 429, 500, 501, 302])
def test_an_answer_that_will_be_the_same_is_not_asked_for_again(
    call: Upstream, other: Service, status: int
) -> None:
    other.on("GET", "/", Reply(status))
    with pytest.raises(UpstreamError):
        call.get("/")
    assert len(other.requests) == 1


@pytest.mark.parametrize("status", [409, 429])
def test_a_refusal_that_says_when_to_come_back_is_asked_again_then(
    call: Upstream, other: Service, status: int
) -> None:
    wait = Reply(status, headers={"Retry-After": "1"})
    other.on("POST", "/", wait, Reply(201, {"right": True}))
    begun = time.monotonic()
    assert call.post("/", json={}, headers={"Idempotency-Key": "k"}, retry=True).status == 201
    assert time.monotonic() - begun >= 1
    assert [each.headers["Idempotency-Key"] for each in other.requests] == ["k", "k"]


@pytest.mark.parametrize(
    ("status", "value"),
    [(409, "61"), (429, "soon"), (429, "Fri, 31 Dec 9999 23:59:59 GMT"), (400, "1"), (404, "0")],
)
def test_a_refusal_that_is_too_long_or_not_about_time_is_raised_at_once(
    call: Upstream, other: Service, status: int, value: str
) -> None:
    other.on("GET", "/", Reply(status, headers={"Retry-After": value}))
    with pytest.raises(RefusedError) as raised:
        call.get("/")
    assert raised.value.status == status
    assert len(other.requests) == 1


def test_what_is_not_idempotent_is_not_repeated_by_itself(call: Upstream, other: Service) -> None:
    other.on("POST", "/", Reply(409, headers={"Retry-After": "0"}))
    with pytest.raises(RefusedError):
        call.post("/", json={})
    assert len(other.requests) == 1


def test_no_attempt_begins_after_the_deadline(other: Service) -> None:
    """The first pause is longer than the whole call may take."""
    other.on("GET", "/", Reply(503))
    call = service_of(made(other.url, total_timeout_seconds=0.09, attempts=1000))
    with pytest.raises(UpstreamError):
        call.get("/")
    assert len(other.requests) <= 1


# What it is certain of.


def test_what_was_never_sent_is_told_from_what_may_have_been_done(
    call: Upstream, other: Service
) -> None:
    for reply in (Reply(502), Reply(504), Reply(raw=b""), Reply(raw=TRUNCATED)):
        other.on("POST", "/", reply)
        with pytest.raises(LostResponseError):
            call.post("/", json={})
    other.on("POST", "/", Reply(503))
    with pytest.raises(UnreachableError) as refused:
        call.post("/", json={})
    other.stop()
    with pytest.raises(UnreachableError) as gone:
        call.post("/", json={})
    assert not isinstance(refused.value, LostResponseError)
    assert not isinstance(gone.value, LostResponseError)


# What comes of failures. The services never answer: how long a test takes decides nothing.


def test_a_service_that_hangs_is_too_slow(other: Service) -> None:
    other.on("GET", "/", Reply(hangs=True))
    with pytest.raises(TooSlowError):
        service_of(made(other.url, read_timeout_seconds=IMPATIENT)).get("/")
    assert len(other.requests) == 1


def test_the_deadline_holds_where_each_silence_is_short(other: Service) -> None:
    other.on("GET", "/", Reply(drips=True, headers={"Content-Length": "900"}))
    with pytest.raises(TooSlowError, match="no complete response"):
        service_of(made(other.url, total_timeout_seconds=IMPATIENT)).get("/")


def test_the_deadline_is_shorter_than_a_longer_silence(other: Service) -> None:
    other.on("GET", "/", Reply(hangs=True))
    started = time.monotonic()
    with pytest.raises(TooSlowError):
        service_of(made(other.url, total_timeout_seconds=IMPATIENT)).get("/")
    assert time.monotonic() - started < PATIENT / 2


def test_a_service_that_is_gone_is_unreachable(other: Service) -> None:
    other.stop()
    with pytest.raises(UnreachableError):
        service_of(made(other.url)).get("/")


def test_a_service_that_is_back_is_called_again(call: Upstream, other: Service) -> None:
    call.get("/")
    other.stop()
    with pytest.raises(UnreachableError):
        call.get("/")
    with Service(other.port) as again:
        again.on("GET", "/", Reply(json="again"))
        assert call.get("/").json() == "again"


def test_a_host_that_does_not_exist_is_unreachable() -> None:
    with pytest.raises(UnreachableError):
        service_of(made("http://nowhere.invalid", attempts=1)).get("/")


TRUNCATED = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"
NO_CHUNK = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"
CHUNKS_TRUNCATED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhal"


@pytest.mark.parametrize(
    "raw", [TRUNCATED, CHUNKS_TRUNCATED, NO_CHUNK, b"HTTP/1.1 200 OK\r\nConte"]
)
def test_half_an_answer_is_none(call: Upstream, other: Service, raw: bytes) -> None:
    other.on("GET", "/", Reply(raw=raw))
    with pytest.raises(UpstreamError):
        call.get("/").json()
    other.on("GET", "/", Reply(raw=TRUNCATED), Reply(json="whole"))
    assert call.get("/").json() == "whole"


@pytest.mark.parametrize(
    "reply",
    [
        Reply(raw=b"\x00\xff garbage\r\n\r\n"),
        Reply(raw=b"SSH-2.0-OpenSSH_9.2\r\n"),
        Reply(raw=b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n"),
        Reply(body=b"<html>no JSON</html>"),
        Reply(body=b"[" * 900),
        Reply(body=b"\xff\xfe"),
        Reply(body=b"x" * (LARGEST + 1)),
        Reply(body=b"{}", headers={"Content-Encoding": "gzip"}),
        Reply(500),
        Reply(302, headers={"Location": "/elsewhere"}),
    ],
    ids=lambda reply: str(reply.raw or reply.body or reply.status)[:20],
)
def test_what_nobody_can_use_is_a_bad_answer(call: Upstream, other: Service, reply: Reply) -> None:
    other.on("GET", "/", reply)
    with pytest.raises(BadResponseError):
        call.get("/").json()


def test_a_body_may_be_as_large_as_the_settings_say(call: Upstream, other: Service) -> None:
    other.on("GET", "/", Reply(body=b" " * (LARGEST - 1) + b"1"))
    assert call.get("/").json() == 1


def test_a_body_without_an_end_is_not_read_to_the_end(call: Upstream, other: Service) -> None:
    chunk = b"3e8\r\n" + b"x" * 1000 + b"\r\n"
    endless = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk * 3000
    other.on("GET", "/", Reply(raw=endless))
    with pytest.raises(BadResponseError, match="more than 1000 bytes"):
        call.get("/")


def test_a_redirect_leads_no_token_elsewhere(call: Upstream, other: Service) -> None:
    with Service() as stranger:
        other.on("GET", "/", Reply(307, headers={"Location": stranger.url}))
        with pytest.raises(BadResponseError):
            call.get("/", token="secret")
        assert stranger.requests == []


def test_a_refusal_says_what_is_wrong(call: Upstream, other: Service) -> None:
    said = {"message": "The request is not valid.", "errors": {"text": "Is required."}}
    other.on("POST", "/", Reply(400, said))
    with pytest.raises(RefusedError) as refusal:
        call.post("/", json={})
    assert refusal.value.status == 400
    assert refusal.value.message == said["message"]
    assert refusal.value.errors == said["errors"]


@pytest.mark.parametrize("body", [b"", b"no", b"[]", b'{"errors": 1, "message": {}}'])
def test_a_refusal_without_words_has_none(call: Upstream, other: Service, body: bytes) -> None:
    other.on("POST", "/", Reply(400, body=body))
    with pytest.raises(RefusedError) as refusal:
        call.post("/", json={})
    assert (refusal.value.message, refusal.value.errors) == ("", {})


# What an API answers, which catches nothing.


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        (Reply(401), 502),
        (Reply(403), 502),
        (Reply(404), 502),
        (Reply(500), 502),
        (Reply(302, headers={"Location": "/"}), 502),
        (Reply(raw=b"garbage\r\n\r\n"), 502),
        (Reply(body=b"garbage"), 502),
        (Reply(502), 503),
        (Reply(503), 503),
        (Reply(504), 503),
        (Reply(raw=b""), 503),
        (Reply(hangs=True), 504),
    ],
)
def test_an_api_answers_its_own_502_503_or_504(other: Service, reply: Reply, status: int) -> None:
    other.on("GET", "/", reply)
    # Only the service that never answers is not waited for.
    seconds = IMPATIENT if reply.hangs else PATIENT
    response = made(other.url, read_timeout_seconds=seconds).test_client().get("/")
    assert response.status_code == status
    assert response.json is not None
    assert "other" in response.json["message"]
    assert "127.0.0.1" not in response.text
    assert ("Retry-After" in response.headers) == (status == 503)


def test_a_failure_is_logged_with_its_reason(
    other: Service, caplog: pytest.LogCaptureFixture
) -> None:
    other.on("GET", "/", Reply(500))
    with pytest.raises(BadResponseError):
        service_of(made(other.url)).get("/", params={"search": "private"}, token="secret")
    assert "GET / failed: other: responded 500" in caplog.text
    assert "private" not in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize(
    ("status", "outcome"), [(200, "ok"), (404, "refused"), (500, "bad"), (503, "unreachable")]
)
def test_calls_are_timed_by_their_outcome(
    call: Upstream, other: Service, status: int, outcome: str
) -> None:
    def count() -> float:
        labels = {"service": "other", "method": "GET", "outcome": outcome}
        name = "upstream_request_duration_seconds_count"
        return REGISTRY.get_sample_value(name, labels) or 0

    before = count()
    other.on("GET", "/", Reply(status))
    try:
        call.get("/")
    except UpstreamError as error:
        assert error.outcome == outcome, error
    assert count() == before + 1


# What the probe says, and what is not started with.


def test_the_probe_tells_what_is_missing_and_stays_ready(other: Service) -> None:
    client = made(other.url).test_client()
    response = client.get("/health/ready")
    assert (response.status_code, response.json) == (
        200,
        {"status": "ok", "checks": {"other": "ok"}},
    )
    other.stop()
    response = client.get("/health/ready")
    assert (response.status_code, response.json) == (
        200,
        {"status": "ok", "checks": {"other": "unreachable"}},
    )


def test_what_is_vital_makes_the_service_unready(other: Service) -> None:
    app = made(other.url)

    def gone() -> None:
        raise OSError("gone")

    health.needs(app, "database", gone)
    response = app.test_client().get("/health/ready")
    assert response.status_code == 503
    assert response.json == {
        "status": "unavailable",
        "checks": {"other": "ok", "database": "unreachable"},
    }
    assert app.test_client().get("/health/live").status_code == 200


@pytest.mark.parametrize(
    "url",
    [
        "",
        "thoughts",
        "thoughts:8080",
        "ftp://thoughts",
        "http://",
        "http://user:password@thoughts",  # pragma: allowlist secret
        "http://thoughts:port",
        "http://thoughts:99999",
        "http://thoughts?search=x",
        "http://thoughts#x",
        "http://a b",
    ],
)
def test_an_address_of_no_service_stops_the_start(url: str) -> None:
    with pytest.raises(
        ConfigurationError, match=r"^upstream\.other\.url is not a valid URL"
    ) as told:
        made(url)
    assert "password@" not in str(told.value)


def test_a_service_that_is_half_declared_stops_the_start() -> None:
    settings = Settings("tests.local", MappingProxyType({"upstream.other.minimum_version": ""}))
    with pytest.raises(ConfigurationError, match=r"declares upstream\.other without .*url"):
        declared(settings)


def test_the_ports_of_the_schemes_are_known() -> None:
    for url, address in (("http://a", ("a", 80)), ("https://a/b", ("a", 443))):
        values = MappingProxyType({"upstream.other.url": url})
        [dependency] = declared(Settings("tests.local", values))
        assert dependency.address == address


def test_a_token_with_signs_that_no_header_has_is_not_sent(call: Upstream, other: Service) -> None:
    with pytest.raises(UpstreamError):
        call.get("/", token="a\r\nX-Evil: 1")
    assert other.requests == []


# What is too long to be sent.


@pytest.mark.parametrize(
    "request_",
    [
        # Five kilobytes where it enters, sixteen on its way.
        {"params": {"search": "ä" * 2_700}},
        {"params": {"search": "x" * 9_000}},
        {"token": "x" * 31_000},
        {"headers": {f"X-{number}": "x" * 1_000 for number in range(31)}},
    ],
    ids=["a search that grows", "a long search", "a long token", "many headers"],
)
def test_a_request_that_no_service_reads_is_not_sent(
    call: Upstream, other: Service, request_: dict[str, Any]
) -> None:
    with pytest.raises(RequestTooLongError) as caught:
        call.get("/", **request_)
    assert caught.value.code == 414
    assert other.connections == 0


def test_a_request_that_a_service_reads_is_sent(call: Upstream, other: Service) -> None:
    call.get("/", params={"search": "ä" * 1_300}, token="x" * 10_000)
    assert len(other.requests) == 1
