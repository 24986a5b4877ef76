"""Which connections are kept for another request.

A thread of uWSGI stays with a connection that is kept, also while nothing is sent on it, and an
ingress keeps hundreds. So a worker keeps half as many as it has threads, and while many wait to
be let in each of them only for a few requests. Each answer says whether its connection is kept.
When the service ends, so do those on which nothing is being asked: uWSGI would wait for them.
"""

import contextlib
import os
import socket
import sys
import threading
import weakref
from typing import Any
from wsgiref.types import WSGIEnvironment

from . import end_notice

A_TURN = 50
"""After so many requests it is looked whether others wait for a connection's thread."""

UNKNOWN = "0.0.0.0"  # noqa: S104 - nothing listens there
"""What uWSGI says where a request comes from, on a connection that was kept."""

# In Linux's tcp_info of a socket that listens: how many connections have not been accepted yet.
_WAITING = slice(24, 28)


class Connections:
    """The connections of a worker."""

    def __init__(self, uwsgi: Any) -> None:
        """Find out how many may be kept."""
        self._uwsgi = uwsgi
        keeps = uwsgi.opt["protocol"] == b"http11"
        self._most_kept = int(uwsgi.opt["threads"]) // 2 if keeps else 0
        self._listening = socket.socket(fileno=os.dup(uwsgi.sockets[0]))
        # Of an application that goes away again, as those of tests do.
        weakref.finalize(self, self._listening.close)
        # Of the connection that a thread keeps: how many requests have come on it, and where from.
        self._keeping: dict[int, tuple[int, str]] = {}
        # The connections that threads keep and on which nothing is being asked: file, and inode.
        self._idle: dict[int, tuple[int, int]] = {}
        if keeps:
            end_notice.call(self.end_idle)

    def begin(self, environ: WSGIEnvironment) -> None:
        """Say where a request comes from: on a connection that was kept, uWSGI does not know."""
        thread = threading.get_ident()
        if self._idle.pop(thread, None) and environ["REMOTE_ADDR"] == UNKNOWN:
            _, environ["REMOTE_ADDR"] = self._keeping[thread]

    def keep(self, environ: WSGIEnvironment, headers: list[tuple[str, str]]) -> bool:
        """Decide whether the connection of a request is kept, when its answer begins."""
        thread = threading.get_ident()
        requests, _ = self._keeping.pop(thread, (0, ""))
        requests += 1
        if (
            len(self._keeping) >= self._most_kept
            or environ["SERVER_PROTOCOL"] != "HTTP/1.1"
            or "close" in environ.get("HTTP_CONNECTION", "").lower()
            # What is left of such a body would be taken for the next request.
            or "HTTP_TRANSFER_ENCODING" in environ
            # Without a length, an answer ends where its connection does.
            or not any(name == "Content-Length" for name, _ in headers)
            # More than the threads that are left for them will take in a moment.
            or (requests % A_TURN == 0 and self._waiting() > self._most_kept)
        ):
            return False
        self._keeping[thread] = requests, environ["REMOTE_ADDR"]
        connection = self._uwsgi.connection_fd()
        self._idle[thread] = (connection, os.fstat(connection).st_ino)
        # The service may have begun to end meanwhile.
        return self._most_kept > 0

    def end(self) -> None:
        """End the connection of the request that has been answered; uWSGI only sees that."""
        _shut_down(self._own(), socket.SHUT_RDWR)

    def end_idle(self) -> None:
        """Keep no connection from now on, and end those on which nothing is being asked."""
        self._most_kept = 0
        for file, inode in list(self._idle.values()):
            with contextlib.suppress(OSError):
                # It may have been closed, and its number be another file's.
                if os.fstat(file).st_ino == inode:
                    # An answer that is still being sent goes on.
                    _shut_down(_socket(file), socket.SHUT_RD)

    def _own(self) -> socket.socket:
        """Return the connection of this thread's request."""
        return _socket(self._uwsgi.connection_fd())

    def _waiting(self) -> int:
        info = self._listening.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _WAITING.stop)
        return int.from_bytes(info[_WAITING], sys.byteorder)


def _shut_down(connection: socket.socket, how: int) -> None:
    # The client may be the one that ended it.
    with contextlib.suppress(OSError):
        connection.shutdown(how)
    connection.detach()


def _socket(file: int) -> socket.socket:
    """Return a connection of uWSGI's: detach it, or it is closed."""
    return socket.socket(socket.AF_INET, socket.SOCK_STREAM, fileno=file)
