"""Ends a worker in which a request is stuck, and logs where it is.

uWSGI's harakiri has one deadline for all threads of a worker: each request that begins sets it
anew, and each that ends takes it away. With a few requests a second nothing is ever stuck. So each
worker watches its own. Harakiri remains for what this cannot see, C code that does not let Python
run: then no other request ends either.
"""

import logging
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Flask

from .failures import StartError
from .request_ids import ENVIRON_KEY
from .settings import Settings

SECONDS_BETWEEN_LOOKS = 1

# Harakiri does not say where the request is. It counts whole seconds, so it comes up to one early.
# A look comes up to one late. The third is for the log.
SECONDS_BEFORE_HARAKIRI = 3

log = logging.getLogger(__name__)


def init_app(app: Flask, settings: Settings) -> None:
    """Watch every request, under uWSGI and where it has a harakiri: with a limit just below.

    StartError where that is none.
    """
    uwsgi = sys.modules.get("uwsgi")
    if not uwsgi or "harakiri" not in uwsgi.opt:
        return
    limit = int(uwsgi.opt["harakiri"]) - SECONDS_BEFORE_HARAKIRI
    if limit < 1:
        raise StartError(f"harakiri is too short: give more than {SECONDS_BEFORE_HARAKIRI} s.")
    watch = Watch(limit)
    threading.Thread(target=watch.forever, name="stuck", daemon=True).start()
    running = watch.running
    wsgi_app = app.wsgi_app

    def watched(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        thread = threading.get_ident()
        running[thread] = (time.monotonic(), environ)
        try:
            return wsgi_app(environ, start_response)
        finally:
            del running[thread]

    app.wsgi_app = watched  # type: ignore[method-assign]


class Watch:
    """The requests that a worker is handling, by thread, and the seconds that each may take."""

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self.running: dict[int, tuple[float, WSGIEnvironment]] = {}

    def forever(self) -> None:
        """Look again and again, on a thread of its own."""
        while True:
            time.sleep(SECONDS_BETWEEN_LOOKS)
            if self.log_stuck():
                # Nothing less ends a thread that does not want to.
                os.kill(os.getpid(), signal.SIGKILL)

    def log_stuck(self) -> int:
        """Log each request that is past the limit, and return how many are."""
        now = time.monotonic()
        stuck = [
            (thread, now - started, environ)
            for thread, (started, environ) in self.running.copy().items()
            if now - started >= self.limit
        ]
        for thread, seconds, environ in stuck:
            frame = sys._current_frames().get(thread)
            log.critical(
                "a request is stuck, its worker is ended",
                extra={
                    "request_id": environ.get(ENVIRON_KEY),
                    "method": environ.get("REQUEST_METHOD"),
                    "path": environ.get("PATH_INFO"),
                    "seconds": round(seconds),
                    "stack": "".join(traceback.format_stack(frame)) if frame else None,
                },
            )
        return len(stuck)
