"""What uWSGI's HTTP socket leaves undone, done before Flask sees a request.

On its own it hands over a body that comes in chunks as an empty one, takes a length that is no
number for none, lets a client wait that asks before it sends, passes on what is no HTTP at all, and
keeps each connection, whatever its client or the answer says of it.
"""

import contextlib
import io
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Flask
from werkzeug.exceptions import ClientDisconnected

from .connections import Connections
from .settings import Settings

# Bytes of a body that are read although nobody wants them. Whoever sends more is cut off.
MOST_UNREAD = 16 * 1024 * 1024
_PIECE = 64 * 1024

_NO_HTTP = b'{"message":"This is not a valid HTTP request."}\n'


def init_app(app: Flask, settings: Settings) -> None:
    """Put this before the application, under uWSGI only: other servers know their HTTP."""
    uwsgi = sys.modules.get("uwsgi")
    if not uwsgi:
        return
    connections = Connections(uwsgi)
    wsgi_app = app.wsgi_app

    def handled(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if "HTTP_TRANSFER_ENCODING" in environ:
            environ["wsgi.input"] = io.BufferedReader(_Chunks(uwsgi))
            environ["wsgi.input_terminated"] = True
        if "HTTP_EXPECT" in environ:
            # A client that has gone meanwhile is noticed when it is answered.
            with contextlib.suppress(OSError):
                os.write(uwsgi.connection_fd(), b"HTTP/1.1 100 Continue\r\n\r\n")
        return wsgi_app(environ, start)

    def understood(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        is_http, is_kept = _is_http(environ), False
        connections.begin(environ)

        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            nonlocal is_kept
            is_kept = is_http and connections.keep(environ, headers)
            said = [] if is_kept else [("Connection", "close")]
            return start_response(status, [*headers, *said], *error)

        answer = handled(environ, start) if is_http else _refused(start)
        has_body = _has_body(environ)
        if is_kept and not has_body:
            return answer
        return _Answer(answer, environ["wsgi.input"], None if is_kept else connections.end)

    app.wsgi_app = understood  # type: ignore[method-assign]


def _refused(start: StartResponse) -> Iterable[bytes]:
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(_NO_HTTP)))]
    start("400 BAD REQUEST", headers)
    return [_NO_HTTP]


def _is_http(environ: WSGIEnvironment) -> bool:
    if "SERVER_PROTOCOL" not in environ or not environ.get("PATH_INFO", "").startswith("/"):
        return False
    length = environ.get("CONTENT_LENGTH", "")
    if "HTTP_TRANSFER_ENCODING" in environ:
        # With a length as well, a proxy may see another end of the body than this side does.
        return not length and str(environ["HTTP_TRANSFER_ENCODING"]).lower() == "chunked"
    return not length or (length.isascii() and length.isdecimal())


def _has_body(environ: WSGIEnvironment) -> bool:
    length = environ.get("CONTENT_LENGTH") or "0"
    return length != "0" or "HTTP_TRANSFER_ENCODING" in environ


class _Answer:
    """An answer after which the rest of the request's body is read, and the connection ended.

    A connection that is closed with something unread is reset, and the client, which was still
    sending, may find the reset instead of the answer: a 401, say.
    """

    def __init__(self, answer: Iterable[bytes], body: Any, end: Callable[[], None] | None) -> None:
        self.answer = answer
        self.body = body
        self.end = end

    def __iter__(self) -> Iterator[bytes]:
        yield from self.answer
        # Of an answer without a body, uWSGI would send the headers when its connection has ended.
        yield b""

    def close(self) -> None:
        if hasattr(self.answer, "close"):
            self.answer.close()
        # The client may be the one that went away.
        with contextlib.suppress(OSError, ClientDisconnected):
            for _ in range(0, MOST_UNREAD, _PIECE):
                if not self.body.read(_PIECE):
                    break
        if self.end:
            self.end()


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
