"""Calls other services, those that `settings.yaml` declares under `upstream`.

    answer = upstream.service("thoughts").get("/api/thoughts/", params={"search": "milk"})
    thoughts = answer.json()

A call carries the request's id, and a caller's token where one is given. It ends within
`calls.total_timeout_seconds`, with an answer of 2xx or with one of `upstream_errors`. Idempotent
calls are tried again, with growing pauses, where the service could not be reached or answered
502, 503 or 504; others never, for what was asked may have been done.

The one thing that no time-out here bounds is a service that sends its headers letter by letter:
`harakiri` of infra/uwsgi.yaml does.
"""

import logging
import random
import socket
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import requests
from flask import Flask, current_app

from . import health, request_ids
from .dependencies import Dependency, declared
from .settings import Settings
from .upstream_errors import Answer, UnreachableError, UpstreamError
from .upstream_http import Limits, exchange, new_session
from .upstream_metrics import measured
from .upstream_slots import Slots

IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})

FIRST_PAUSE_SECONDS = 0.1
"""Before the second attempt, then each time twice as long; by chance, up to half more."""

REACH_SECONDS = 0.3
"""How long `/health/ready` waits for a connection: less than a probe of Kubernetes waits for it."""

log = logging.getLogger(__name__)


class Upstream:
    """A service that is called."""

    def __init__(
        self, dependency: Dependency, session: requests.Session, limits: Limits, slots: Slots
    ) -> None:
        """`session` and `slots` are shared by all services of the worker."""
        self.name = dependency.name
        self._slots = slots
        self._url = dependency.url
        self._address = dependency.address
        self._session = session
        self._limits = limits

    def get(
        self, path: str, *, params: Mapping[str, str] | None = None, token: str | None = None
    ) -> Answer:
        """Read something."""
        return self.call("GET", path, token=token, params=params)

    def post(
        self,
        path: str,
        *,
        json: Any = None,
        token: str | None = None,
        client: str | None = None,
    ) -> Answer:
        """Change something, once; `client` is the address of the one it is done for."""
        return self.call("POST", path, token=token, client=client, json=json)

    def call(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        client: str | None = None,
        **request: Any,
    ) -> Answer:
        """Call any method; `request` may have `params` and `json`, as in `requests`."""
        headers = {
            request_ids.HEADER: request_ids.current(),
            "Authorization": _bearer(token),
            "X-Forwarded-For": client,
        }
        deadline = time.monotonic() + self._limits.total_seconds
        send = partial(
            exchange,
            self._session,
            self.name,
            self._limits,
            deadline,
            method=method,
            url=self._url + path,
            headers=headers,
            **request,
        )
        attempts = self._limits.attempts if method in IDEMPOTENT else 1
        with measured(self.name, method):
            try:
                with self._slots.taken(self.name):
                    return _tried(send, attempts, deadline)
            except UpstreamError as error:
                log.warning("%s %s failed: %s", method, path, error)
                raise

    def reach(self) -> None:
        """Open a connection, and no more; OSError where that fails."""
        socket.create_connection(self._address, timeout=REACH_SECONDS).close()


def init_app(app: Flask, settings: Settings) -> None:
    """Prepare the calls. Nobody is called here: a start needs no other service."""
    limits = Limits(
        connect_seconds=settings["calls.connect_timeout_seconds"],
        read_seconds=settings["calls.read_timeout_seconds"],
        total_seconds=settings["calls.total_timeout_seconds"],
        attempts=settings["calls.attempts"],
        largest_answer=settings["calls.max_answer_bytes"],
    )
    session = new_session(settings["calls.pool_size"])
    slots = Slots(settings["calls.at_a_time"])
    services = {
        dependency.name: Upstream(dependency, session, limits, slots)
        for dependency in declared(settings)
    }
    app.extensions["upstream"] = services
    for each in services.values():
        # Told, not vital: a page that says what is missing is better than no page.
        health.needs(app, each.name, each.reach, is_vital=False)


def service(name: str) -> Upstream:
    """Return the service of this name in `settings.yaml`."""
    found: Upstream = current_app.extensions["upstream"][name]
    return found


def _tried(send: Callable[[], Answer], attempts: int, deadline: float) -> Answer:
    """Try, and try again while it may help and there is time."""
    pause = FIRST_PAUSE_SECONDS
    for _ in range(attempts - 1):
        try:
            return send()
        except UnreachableError:
            # By chance, so that not all who wait for a service come back at the same moment.
            jittered = pause * random.uniform(1, 1.5)  # noqa: S311  (no secret)
            if time.monotonic() + jittered >= deadline:
                raise
            time.sleep(jittered)
            pause *= 2
    return send()


def _bearer(token: str | None) -> str | None:
    """Return the header's value; `requests` leaves out a header of None."""
    return None if token is None else f"Bearer {token}"
