"""What uWSGI's HTTP socket leaves undone, done before Flask sees a request.

On its own it hands over a body that comes in chunks as an empty one, takes a length that is no
number for none, lets a client wait that asks before it sends, and passes on what is no HTTP at all.
"""

import contextlib
import io
import os
import sys
from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Flask
from werkzeug.exceptions import ClientDisconnected

from .settings import Settings

_REFUSAL = b'{"message":"This is not a valid HTTP request."}\n'


def init_app(app: Flask, settings: Settings) -> None:
    """Put this before the application, under uWSGI only: other servers know their HTTP."""
    uwsgi = sys.modules.get("uwsgi")
    if not uwsgi:
        return
    wsgi_app = app.wsgi_app

    def understood(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if not _is_http(environ):
            headers = [("Content-Type", "application/json"), ("Content-Length", str(len(_REFUSAL)))]
            start_response("400 BAD REQUEST", headers)
            return [_REFUSAL]
        if "HTTP_TRANSFER_ENCODING" in environ:
            environ["wsgi.input"] = io.BufferedReader(_Chunks(uwsgi))
            environ["wsgi.input_terminated"] = True
        if "HTTP_EXPECT" in environ:
            # A client that has gone meanwhile is noticed when it is answered.
            with contextlib.suppress(OSError):
                os.write(uwsgi.connection_fd(), b"HTTP/1.1 100 Continue\r\n\r\n")
        return wsgi_app(environ, start_response)

    app.wsgi_app = understood  # type: ignore[method-assign]


def _is_http(environ: WSGIEnvironment) -> bool:
    if "SERVER_PROTOCOL" not in environ or not environ.get("PATH_INFO", "").startswith("/"):
        return False
    length = environ.get("CONTENT_LENGTH", "")
    if "HTTP_TRANSFER_ENCODING" in environ:
        # With a length as well, a proxy may see another end of the body than this side does.
        return not length and str(environ["HTTP_TRANSFER_ENCODING"]).lower() == "chunked"
    return not length or (length.isascii() and length.isdecimal())


class _Chunks(io.RawIOBase):
    """The body of a request that comes in chunks."""

    def __init__(self, uwsgi: Any) -> None:
        super().__init__()
        self.uwsgi = uwsgi
        self.rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self.rest:
            try:
                self.rest = self.uwsgi.chunked_read()
            except OSError as error:
                raise ClientDisconnected from error
        part, self.rest = self.rest[: len(buffer)], self.rest[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)
