"""The request middleware: the one WSGI middleware around Flask.

For each request, in this order: admit or shed, request id, clock, call, access log, metrics.
Requests that are shed have an id and are logged and counted as well, and so are those that Flask
cannot route. A streamed response is logged and counted when it starts: its body is not part of the
duration. It is not a set of Flask's hooks because that costs three times as much.
"""

import sys
from collections.abc import Callable, Iterable
from functools import lru_cache
from threading import get_ident
from time import perf_counter, time
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import werkzeug.http
from flask import Flask

from flask_chassis.auth import closed
from flask_chassis.http import access_log, load_shedding, request_body, request_id
from flask_chassis.idempotency import check as idempotency
from flask_chassis.observability import metrics
from flask_chassis.observability.health import PROBES
from flask_chassis.observability.route import UNMATCHED, route_of
from flask_chassis.serving import watchdog
from flask_chassis.settings import Settings

# Once a second.
http_date = lru_cache(1)(werkzeug.http.http_date)

# uWSGI passes on what it cannot parse, a TLS handshake for example, without these variables.
# Werkzeug needs them; errors.py refuses the request.
MALFORMED = {"REQUEST_METHOD": "", "PATH_INFO": "", "SERVER_PROTOCOL": ""}


def init_app(app: Flask, settings: Settings) -> None:
    """Check that all routes have an access decision, and install the middleware.

    Call this last: it stands outside every other WSGI middleware. Raises ConfigurationError, which
    lists the routes without a decision, or says what idempotent operations lack.
    """
    closed.init_app(app)
    idempotency.init_app(app, settings)
    app.wsgi_app = Middleware(app.wsgi_app, settings)  # type: ignore[method-assign]


class Middleware:
    """What happens to every request, from top to bottom in `__call__`."""

    def __init__(self, wsgi_app: WSGIApplication, settings: Settings) -> None:
        """Start the watchdog and the load shedder, which need uWSGI."""
        self.wsgi_app = wsgi_app
        self._uwsgi = sys.modules.get("uwsgi")
        self._load_shedder = load_shedding.create(self._uwsgi, settings)
        self._running = watchdog.start(self._uwsgi)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        if "SERVER_PROTOCOL" not in environ:
            environ.update(MALFORMED)
        started = perf_counter()

        # Admit or shed.
        wsgi_app = self.wsgi_app
        load_shedder = self._load_shedder
        if load_shedder is not None and environ["PATH_INFO"].startswith(PROBES):
            load_shedder = None
        waited = 0.0
        if load_shedder is not None:
            is_shed = load_shedder.sheds(environ)
            waited = load_shedder.wait(environ)
            if is_shed:
                load_shedder, wsgi_app = None, load_shedding.refuse

        # Request id.
        identifier = request_id.assign(environ)
        token = request_id.current_id.set(identifier)
        # What is logged if the application raises before it starts a response.
        status, route = "500", UNMATCHED

        def start(
            line: str, headers: list[tuple[str, str]], *exc_info: Any
        ) -> Callable[[bytes], object]:
            nonlocal status, route
            status, route = line[:3], route_of(environ)
            headers = [*headers, (request_id.HEADER, identifier)]
            if self._uwsgi:  # which sends no date; other servers do
                headers.append(("Date", http_date(int(time()))))
            return start_response(line, headers, *exc_info)

        if "HTTP_TRANSFER_ENCODING" in environ and self._uwsgi:
            request_body.read_chunks(environ, self._uwsgi)
        thread = get_ident()
        self._running[thread] = started, environ
        try:
            # Call.
            body = wsgi_app(environ, start)
        finally:
            # Clock.
            seconds = perf_counter() - started
            if load_shedder is not None:
                load_shedder.add(seconds)
            access_log.write(environ, route, status, seconds)
            metrics.count(environ["REQUEST_METHOD"], route, status, waited + seconds)
            del self._running[thread]
            request_id.current_id.reset(token)
        if request_body.is_expected(environ):
            return request_body.Drained(body, environ["wsgi.input"])
        return body
