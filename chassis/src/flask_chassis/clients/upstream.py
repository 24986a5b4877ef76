"""HTTP client for other services (upstreams), with time-outs, retries and a bulkhead.

    response = upstream.service("thoughts").get("/api/thoughts/", params={"search": "milk"})
    thoughts = response.json()

With the models of a client that the task `client.generate` writes:

    thoughts = response.read(list[models.ThoughtDetails])

`settings.yaml` declares the services under `upstream`. A call sends the request id, and the token
of a caller if given. Within `calls.total_timeout_seconds` it returns a 2xx response or raises one
of the exceptions in `clients.errors`.

A call with an idempotent method is retried with exponential backoff and jitter if the service
cannot be reached or responds 502, 503 or 504. Any other call is retried only if asked for
(`retry=True`), because the service may have processed it: pass an `Idempotency-Key`.
A response 409 or 429 with `Retry-After` is retried after that time, for example while a request
with the same `Idempotency-Key` is still running. No retry begins after the total time-out.

With `calls.breaker_failures`, a circuit breaker stops the calls of a service that fails again and
again. APIs that are not made
from the template are declared with `foreign: true`, see `clients.dependencies`.

No call takes longer than the total time-out, even if the service sends its response byte by byte.
"""

import random
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Self
from urllib.parse import urlsplit

import requests
from flask import Flask, current_app

from flask_chassis.clients.bulkhead import Bulkhead
from flask_chassis.clients.circuit_breaker import CircuitBreaker
from flask_chassis.clients.dependencies import Dependency, declared
from flask_chassis.clients.errors import (
    RefusedError,
    UnreachableError,
    UpstreamError,
    UpstreamResponse,
)
from flask_chassis.clients.http import Limits, exchange, new_session
from flask_chassis.clients.metrics import measured
from flask_chassis.clients.models import as_json
from flask_chassis.http import request_id
from flask_chassis.observability import health
from flask_chassis.settings import Settings

IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})

FIRST_PAUSE_SECONDS = 0.1
"""The pause before the second attempt. It doubles with each attempt; jitter adds up to 50 %."""

REACH_SECONDS = 0.3
"""How long the health check waits for a connection; less than the time-out of Kubernetes' probe."""


class Upstream:
    """The client of one service."""

    def __init__(
        self,
        dependency: Dependency,
        session: requests.Session,
        limits: Limits,
        bulkhead: Bulkhead,
        breaker: CircuitBreaker,
    ) -> None:
        """All clients of a worker share `session`, `bulkhead` and `breaker`."""
        self.name = dependency.name
        self._dependency = dependency
        self._bulkhead = bulkhead
        self._breaker = breaker
        self._session = session
        self._limits = limits

    def at(self, url: str) -> Self:
        """Return a client that differs in the address, for tests; it uses no proxy."""
        parts = urlsplit(url)
        address = (parts.hostname or "", parts.port or 80)
        dependency = replace(self._dependency, url=url.rstrip("/"), address=address, proxy="")
        shared = self._session, self._limits, self._bulkhead
        return type(self)(dependency, *shared, CircuitBreaker(0, 0))

    def get(
        self,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> UpstreamResponse:
        """Send a GET request. Parameters and exceptions are those of `call`."""
        return self.call("GET", path, token=token, headers=headers, params=params)

    def post(
        self,
        path: str,
        *,
        json: Any = None,
        token: str | None = None,
        client: str | None = None,
        headers: Mapping[str, str] | None = None,
        retry: bool = False,
    ) -> UpstreamResponse:
        """Send a POST request. Parameters and exceptions are those of `call`."""
        return self.call(
            "POST", path, token=token, client=client, headers=headers, retry=retry, json=json
        )

    def call(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        client: str | None = None,
        headers: Mapping[str, str] | None = None,
        retry: bool | None = None,
        total_seconds: float | None = None,
        **request: Any,
    ) -> UpstreamResponse:
        """Send a request and return its 2xx response; raises an UpstreamError if the call fails.

        `path` is appended to the URL of the service. `token` is sent as the bearer token, `client`
        (an IP address) as `X-Forwarded-For`, and `headers` besides, over all others. `retry` says
        whether the call may be repeated, which idempotent methods may by default. `total_seconds`
        shortens the total time-out. `request` can
        contain `params`, `json` and `data`, as in `requests`; `json` may be a Pydantic model, whose
        fields that were set are sent.
        """
        if request.get("json") is not None:
            request["json"] = as_json(request["json"])
        called = self._dependency
        sent = {
            # Nobody outside needs to know it.
            request_id.HEADER: None if called.is_foreign else request_id.current(),
            "Authorization": _bearer(token) or called.authorization or None,
            "X-Forwarded-For": client,
        } | dict(headers or {})
        if called.proxy:
            request["proxies"] = {"http": called.proxy, "https": called.proxy}
        limits = self._limits
        if total_seconds is not None:
            limits = replace(limits, total_seconds=min(total_seconds, limits.total_seconds))
        deadline = time.monotonic() + limits.total_seconds
        send = partial(
            exchange,
            self._session,
            self.name,
            limits,
            deadline,
            method=method,
            url=called.url + path,
            headers=sent,
            **request,
        )
        may_retry = method in IDEMPOTENT if retry is None else retry
        attempts = limits.attempts if may_retry else 1
        with measured(self.name, method):
            try:
                self._breaker.require_closed(self.name)
                with self._bulkhead.acquire(self.name), self._breaker.watch(self.name):
                    return _retried(send, attempts, deadline)
            except UpstreamError as error:
                error.log(f"{method} {path} failed")
                raise

    def reach(self) -> None:
        """Open and close a connection, for the health check; raises OSError if that fails."""
        socket.create_connection(self._dependency.address, timeout=REACH_SECONDS).close()


def init_app(app: Flask, settings: Settings) -> None:
    """Create the clients. Does not connect: the service starts without the other services.

    A service that declares no `upstream` has none. Raises ConfigurationError if a service is not
    declared correctly.
    """
    app.extensions["upstream"] = {}
    dependencies = declared(settings)
    if not dependencies:
        return
    limits = Limits(
        connect_seconds=settings["calls.connect_timeout_seconds"],
        read_seconds=settings["calls.read_timeout_seconds"],
        total_seconds=settings["calls.total_timeout_seconds"],
        attempts=settings["calls.attempts"],
        max_response_bytes=settings["calls.max_answer_bytes"],
    )
    session = new_session(settings["calls.pool_size"])
    bulkhead = Bulkhead(settings["calls.at_a_time"])
    breaker = CircuitBreaker(settings["calls.breaker_failures"], settings["calls.breaker_seconds"])
    for dependency in dependencies:
        own_limits = _limits_of(dependency, limits, settings)
        client = Upstream(dependency, session, own_limits, bulkhead, breaker)
        app.extensions["upstream"][dependency.name] = client
        if not dependency.is_foreign:  # whom nobody asks every few seconds from every pod
            # Not vital: without the other service, this one still responds with a clear error.
            health.needs(app, client.name, client.reach, is_vital=False)


def _limits_of(dependency: Dependency, limits: Limits, settings: Settings) -> Limits:
    """Return the limits, with those that a service has for itself: `upstream.<name>.attempts`."""
    fields = {
        "connect_timeout_seconds": "connect_seconds",
        "read_timeout_seconds": "read_seconds",
        "total_timeout_seconds": "total_seconds",
        "attempts": "attempts",
        "max_answer_bytes": "max_response_bytes",
    }
    own = {
        field: settings.values[key]
        for name, field in fields.items()
        if (key := f"upstream.{dependency.name}.{name}") in settings.values
    }
    return replace(limits, **own)


def service(name: str) -> Upstream:
    """Return the client of a service by its name in `settings.yaml`.

    Raises KeyError if `settings.yaml` does not declare the service.
    """
    found: Upstream = current_app.extensions["upstream"][name]
    return found


def _retried(
    send: Callable[[], UpstreamResponse], attempts: int, deadline: float
) -> UpstreamResponse:
    """Send a request, and retry before the deadline if the service asks for it or is down."""
    pause = FIRST_PAUSE_SECONDS
    for _ in range(attempts - 1):
        try:
            return send()
        except UnreachableError as error:
            failure: UpstreamError = error
            # Jitter: the callers of a service that is down do not all retry at the same moment.
            wait = pause * random.uniform(1, 1.5)  # noqa: S311  (not a secret)
            pause *= 2
        except RefusedError as error:
            failure = error
            wait = error.retry_after_seconds
        if time.monotonic() + wait >= deadline:
            raise failure
        time.sleep(wait)
    return send()


def _bearer(token: str | None) -> str | None:
    """Return the value of the header; `requests` does not send a header whose value is None."""
    return None if token is None else f"Bearer {token}"
