"""Refuses a request that has waited so long for a thread that its caller may have given up.

Where more comes than can be answered, everything waits longer and longer, until nobody waits for
the answers that are made. To refuse is quick, so those who came last are answered in time.
"""

import socket
import sys
from collections.abc import Iterable
from time import monotonic
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Flask

from .settings import Settings

RETRY_AFTER_SECONDS = "1"

# Kubernetes would end a service that is only busy.
PROBES = "/health/"

_BUSY = b'{"message":"The service is busy. Try again in a moment."}\n'

# In Linux's tcp_info of a connection: for how many milliseconds nothing has come on it.
_SILENT = slice(52, 56)


def init_app(app: Flask, settings: Settings) -> None:
    """Put this before the application, under uWSGI only; Linux knows how long something waited."""
    uwsgi = sys.modules.get("uwsgi")
    if not uwsgi or sys.platform != "linux":
        return
    longest = settings["http.longest_wait_seconds"]
    # Who waited for the start did not wait for a thread.
    started = monotonic()
    wsgi_app = app.wsgi_app

    def in_time(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        waited = min(seconds_waited(uwsgi), monotonic() - started)
        if waited > longest and not environ["PATH_INFO"].startswith(PROBES):
            headers = [
                ("Content-Type", "application/json"),
                ("Content-Length", str(len(_BUSY))),
                ("Retry-After", RETRY_AFTER_SECONDS),
            ]
            start_response("503 SERVICE UNAVAILABLE", headers)
            return [_BUSY]
        return wsgi_app(environ, start_response)

    app.wsgi_app = in_time  # type: ignore[method-assign]


def seconds_waited(uwsgi: Any) -> float:
    """Return how long ago the request that is handled by this thread came in, to its last byte."""
    # uWSGI's own: it is only looked at.
    connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM, fileno=uwsgi.connection_fd())
    try:
        info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _SILENT.stop)
    except OSError:  # the client has gone: uWSGI will notice
        return 0.0
    finally:
        connection.detach()
    return int.from_bytes(info[_SILENT], sys.byteorder) / 1000
