"""Reads request bodies where uWSGI leaves that to the application.

uWSGI has an interface of its own for chunked bodies, and closes a connection with whatever nobody
has read from it.
"""

import contextlib
import io
from collections.abc import Iterable, Iterator
from typing import Any
from wsgiref.types import WSGIEnvironment

from werkzeug.exceptions import ClientDisconnected

MAX_DRAINED_BYTES = 16 * 1024 * 1024
"""The connection of a client that sends more than this, unread, is reset."""

_PIECE = 64 * 1024


def is_expected(environ: WSGIEnvironment) -> bool:
    """Return whether a request has a body."""
    return environ.get("CONTENT_LENGTH", "0") not in ("", "0") or (
        "HTTP_TRANSFER_ENCODING" in environ
    )


def read_chunks(environ: WSGIEnvironment, uwsgi: Any) -> None:
    """Let `wsgi.input` read a chunked body, until its end."""
    environ["wsgi.input"] = io.BufferedReader(ChunkedBody(uwsgi))
    environ["wsgi.input_terminated"] = True


class ChunkedBody(io.RawIOBase):
    """The body of a request with `Transfer-Encoding: chunked`, parsed by uWSGI."""

    def __init__(self, uwsgi: Any) -> None:
        """`uwsgi` is the module of that name."""
        super().__init__()
        self._uwsgi = uwsgi
        self._rest = b""

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read a part of a chunk; ClientDisconnected if it is malformed or does not arrive."""
        if not self._rest:
            try:
                self._rest = self._uwsgi.chunked_read()
            except OSError as error:
                raise ClientDisconnected from error
        part, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)


class Drained:
    """A response after which the rest of the request body is read.

    A connection that is closed with unread data is reset, and a client that is still sending may
    see the reset instead of the response, a 401 for example.
    """

    def __init__(self, response: Iterable[bytes], body: Any) -> None:
        """`response` is what the application returned, `body` is `wsgi.input`."""
        self._response = response
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        """Yield the response."""
        yield from self._response
        # uWSGI sends the headers of an empty response with this, before the body is read.
        yield b""

    def close(self) -> None:
        """Close the response and read the rest of the request body."""
        if hasattr(self._response, "close"):
            self._response.close()
        # The client may have disconnected.
        with contextlib.suppress(OSError, ClientDisconnected):
            for _ in range(0, MAX_DRAINED_BYTES, _PIECE):
                if not self._body.read(_PIECE):
                    break
