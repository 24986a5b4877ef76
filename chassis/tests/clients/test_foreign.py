"""Calls of foreign APIs: headers, proxies, limits of their own, retries, fakes."""

import time
from collections.abc import Iterator
from types import MappingProxyType
from typing import Any

import pytest
from flask import Flask

from flask_chassis.clients import upstream
from flask_chassis.clients.errors import (
    CircuitOpenError,
    LostResponseError,
    TooSlowError,
    UnreachableError,
)
from flask_chassis.exceptions import ConfigurationError
from flask_chassis.http import errors, middleware
from flask_chassis.observability import health
from flask_chassis.settings import Settings
from flask_chassis.testing.upstream import Reply, Service, faked

from .test_upstream import service_of

CALLS = {
    "connect_timeout_seconds": 60.0,
    "read_timeout_seconds": 60.0,
    "total_timeout_seconds": 60.0,
    "attempts": 3,
    "max_answer_bytes": 1000,
    "pool_size": 10,
    "at_a_time": 10,
    "breaker_failures": 0,
    "breaker_seconds": 60.0,
}


@pytest.fixture
def api() -> Iterator[Service]:
    """The API that is called."""
    with Service() as service:
        service.on("GET", "/", Reply(json={"right": True}))
        service.on("POST", "/", Reply(201, {"right": True}))
        yield service


def made(url: str, calls: dict[str, Any] | None = None, **others: Any) -> Flask:
    """Make an application that calls the foreign API `other`; `others` are settings of that."""
    values = {f"calls.{name}": value for name, value in (CALLS | (calls or {})).items()}
    own = {"url": url, "foreign": True} | others
    values |= {f"upstream.other.{name}": value for name, value in own.items()}
    settings = Settings("tests.local", MappingProxyType(values | {"http.max_body_bytes": 1000}))
    app = Flask("caller", static_folder=None)
    for part in (errors, health, upstream, middleware):
        part.init_app(app, settings)
    return app


def test_it_has_the_authorization_of_its_settings_and_no_request_id(api: Service) -> None:
    service_of(made(api.url, authorization="Bearer s3cret")).get("/")
    [received] = api.requests
    assert received.headers["Authorization"] == "Bearer s3cret"
    assert "X-Request-ID" not in received.headers


def test_a_token_and_headers_of_a_call_come_first(api: Service) -> None:
    call = service_of(made(api.url, authorization="Bearer s3cret"))
    call.get("/", token="a.b.c", headers={"X-Version": "3"})
    call.post("/", headers={"Authorization": "Basic x", "Accept": "text/plain"}, json={})
    first, second = (each.headers for each in api.requests)
    assert (first["Authorization"], first["X-Version"]) == ("Bearer a.b.c", "3")
    assert (second["Authorization"], second["Accept"]) == ("Basic x", "text/plain")


def test_all_its_requests_go_through_its_proxy(api: Service) -> None:
    """The name of the API is resolved by the proxy alone."""
    api.on("GET", "/v1/things/", Reply(json={"through": "proxy"}))
    answer = service_of(made("http://api.invalid/v1", proxy=api.url)).get("/things/")
    assert answer.json() == {"through": "proxy"}
    assert api.requests[0].headers["Host"] == "api.invalid"


def test_a_proxy_that_is_down_is_503() -> None:
    with Service() as gone:
        pass
    call = service_of(made("http://api.invalid/", proxy=gone.url, attempts=1))
    with pytest.raises(UnreachableError):
        call.get("/")


@pytest.mark.parametrize("proxy", ["proxy:3128", "ftp://proxy", "http://user:password@proxy"])
def test_a_proxy_that_is_no_address_stops_the_start(proxy: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^upstream\.other\.proxy is not a valid") as told:
        made("http://api.invalid", proxy=proxy)
    assert "password@" not in str(told.value)


def test_it_has_no_minimum_version() -> None:
    with pytest.raises(ConfigurationError, match="is foreign and has a minimum_version"):
        made("http://api.invalid", minimum_version="v1.0")


def test_nobody_asks_whether_it_is_there(api: Service) -> None:
    app = made(api.url)
    assert app.test_client().get("/health/ready").json == {"status": "ok", "checks": {}}
    assert api.connections == 0


def test_it_may_have_limits_of_its_own(api: Service) -> None:
    api.on("GET", "/", Reply(hangs=True))
    with pytest.raises(TooSlowError, match=r"no response within 0\.1 s"):
        service_of(made(api.url, read_timeout_seconds=0.1)).get("/")
    api.on("GET", "/", Reply(503))
    with pytest.raises(UnreachableError):
        service_of(made(api.url, attempts=2)).get("/")
    assert len(api.requests) == 1 + 2


def test_a_call_that_may_not_be_repeated_is_repeated_if_asked_for(api: Service) -> None:
    call = service_of(made(api.url))
    api.on("POST", "/", Reply(503), Reply(502), Reply(201, {"right": True}))
    sent = call.post("/", json={}, headers={"Idempotency-Key": "k"}, retry=True)
    assert sent.status == 201
    assert [each.headers["Idempotency-Key"] for each in api.requests] == ["k"] * 3
    api.on("POST", "/", Reply(502))
    with pytest.raises(LostResponseError):
        call.post("/", json={})
    assert len(api.requests) == 4


def test_a_call_is_not_repeated_if_asked_for(api: Service) -> None:
    api.on("GET", "/", Reply(503))
    with pytest.raises(UnreachableError):
        service_of(made(api.url)).call("GET", "/", retry=False)
    assert len(api.requests) == 1


def test_calls_of_an_api_that_is_down_end_at_once(api: Service) -> None:
    app = made(api.url, {"attempts": 1, "breaker_failures": 2, "breaker_seconds": 0.2})
    call = service_of(app)
    api.on("GET", "/", Reply(503), Reply(503), Reply(json=1))
    for _ in range(2):
        with pytest.raises(UnreachableError):
            call.get("/")
    for _ in range(3):
        with pytest.raises(CircuitOpenError):
            call.get("/")
    assert len(api.requests) == 2
    _wait_until_closed(call)
    assert call.get("/").json() == 1


def _wait_until_closed(call: upstream.Upstream) -> None:
    for _ in range(100):
        try:
            call.get("/")
        except CircuitOpenError:
            time.sleep(0.05)
        else:
            return


def test_a_fake_takes_its_place_for_a_test(api: Service) -> None:
    app = made(api.url, authorization="Bearer s3cret", proxy="http://proxy.invalid")
    with faked(app, "other") as fake:
        fake.on("PATCH", "/charges/", Reply(json={"fake": True}))
        answer = service_of(app).call("PATCH", "/charges/", json={"amount": "1.00"})
        assert answer.json() == {"fake": True}
        assert fake.requests[0].json == {"amount": "1.00"}
        assert fake.requests[0].headers["Authorization"] == "Bearer s3cret"
    assert api.requests == []
    with pytest.raises(UnreachableError):
        service_of(app).get("/")


def test_a_service_that_calls_none_needs_no_settings_of_calls() -> None:
    settings = Settings("tests.local", MappingProxyType({"http.max_body_bytes": 1000}))
    app = Flask("caller", static_folder=None)
    for part in (errors, health, upstream, middleware):
        part.init_app(app, settings)
    assert app.extensions["upstream"] == {}
