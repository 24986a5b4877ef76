"""What uWSGI's HTTP socket leaves undone, done before Flask sees a request.

On its own it hands over a body that comes in chunks as an empty one, takes a length that is no
number for none, lets a client wait that asks before it sends, passes on what is no HTTP at all, and
closes each connection without having said so, so that a client that keeps connections uses it again
and finds a reset.
"""

import contextlib
import io
import os
import sys
from collections.abc import Iterable, Iterator
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Flask
from werkzeug.exceptions import ClientDisconnected

from .settings import Settings

# Bytes of a body that are read although nobody wants them. Whoever sends more is cut off.
MOST_UNREAD = 16 * 1024 * 1024
_PIECE = 64 * 1024

_REFUSAL = b'{"message":"This is not a valid HTTP request."}\n'


def init_app(app: Flask, settings: Settings) -> None:
    """Put this before the application, under uWSGI only: other servers know their HTTP."""
    uwsgi = sys.modules.get("uwsgi")
    if not uwsgi:
        return
    wsgi_app = app.wsgi_app

    def understood(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start = _last_of_its_connection(start_response)
        if not _is_http(environ):
            headers = [("Content-Type", "application/json"), ("Content-Length", str(len(_REFUSAL)))]
            start("400 BAD REQUEST", headers)
            return [_REFUSAL]
        coded = "HTTP_TRANSFER_ENCODING" in environ
        if coded:
            environ["wsgi.input"] = io.BufferedReader(_Chunks(uwsgi))
            environ["wsgi.input_terminated"] = True
        if "HTTP_EXPECT" in environ:
            # A client that has gone meanwhile is noticed when it is answered.
            with contextlib.suppress(OSError):
                os.write(uwsgi.connection_fd(), b"HTTP/1.1 100 Continue\r\n\r\n")
        answer = wsgi_app(environ, start)
        has_body = coded or (environ.get("CONTENT_LENGTH") or "0") != "0"
        return _AnswerToBody(answer, environ["wsgi.input"]) if has_body else answer

    app.wsgi_app = understood  # type: ignore[method-assign]


def _last_of_its_connection(start_response: StartResponse) -> Any:
    """Return what starts an answer that says that the connection is closed after it."""

    def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
        return start_response(status, [*headers, ("Connection", "close")], *error)

    return start


def _is_http(environ: WSGIEnvironment) -> bool:
    if "SERVER_PROTOCOL" not in environ or not environ.get("PATH_INFO", "").startswith("/"):
        return False
    length = environ.get("CONTENT_LENGTH", "")
    if "HTTP_TRANSFER_ENCODING" in environ:
        # With a length as well, a proxy may see another end of the body than this side does.
        return not length and str(environ["HTTP_TRANSFER_ENCODING"]).lower() == "chunked"
    return not length or (length.isascii() and length.isdecimal())


class _AnswerToBody:
    """An answer after which the rest of the request's body is read, where nobody did.

    A connection that is closed with something unread is reset, and the client, which was still
    sending, may find the reset instead of the answer: a 401, say.
    """

    def __init__(self, answer: Iterable[bytes], body: Any) -> None:
        self.answer = answer
        self.body = body

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.answer)

    def close(self) -> None:
        if hasattr(self.answer, "close"):
            self.answer.close()
        # The client may be the one that went away.
        with contextlib.suppress(OSError, ClientDisconnected):
            for _ in range(0, MOST_UNREAD, _PIECE):
                if not self.body.read(_PIECE):
                    break


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
