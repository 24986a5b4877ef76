"""Which connections are kept for another request.

A thread of uWSGI stays with a connection that is kept, also while nothing is sent on it, and an
ingress keeps hundreds. So a worker keeps half as many as it has threads, and while many wait to
be let in each of them only for a few requests. Each answer says whether its connection is kept.
"""

import contextlib
import os
import socket
import threading
import weakref
from typing import Any
from wsgiref.types import WSGIEnvironment

A_TURN = 10
"""So many requests may come on a connection while many wait."""

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
        # How many requests have come on the connection that a thread keeps.
        self._keeping: dict[int, int] = {}

    def name_client(self, environ: WSGIEnvironment) -> None:
        """Say where a request comes from: on a connection that was kept, uWSGI does not know."""
        if threading.get_ident() not in self._keeping:
            return
        connection = self._own()
        try:
            environ["REMOTE_ADDR"] = connection.getpeername()[0]
        except OSError:  # the client has gone
            environ["REMOTE_ADDR"] = ""
        finally:
            connection.detach()

    def keep(self, environ: WSGIEnvironment, headers: list[tuple[str, str]]) -> bool:
        """Decide whether the connection of a request is kept, when its answer begins."""
        thread = threading.get_ident()
        requests = self._keeping.pop(thread, 0) + 1
        if (
            len(self._keeping) >= self._most_kept
            or environ["SERVER_PROTOCOL"] != "HTTP/1.1"
            or "close" in environ.get("HTTP_CONNECTION", "").lower()
            # What is left of such a body would be taken for the next request.
            or "HTTP_TRANSFER_ENCODING" in environ
            # Without a length, an answer ends where its connection does.
            or not any(name == "Content-Length" for name, _ in headers)
            # More than the threads that are left for them will take in a moment.
            or (requests >= A_TURN and self._waiting() > self._most_kept)
        ):
            return False
        self._keeping[thread] = requests
        return True

    def end(self) -> None:
        """End the connection of the request that has been answered; uWSGI only sees that."""
        connection = self._own()
        # The client may be the one that ended it.
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        connection.detach()

    def _own(self) -> socket.socket:
        """Return the connection of this thread's request. It is uWSGI's: detach it."""
        return socket.socket(socket.AF_INET, socket.SOCK_STREAM, fileno=self._uwsgi.connection_fd())

    def _waiting(self) -> int:
        info = self._listening.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _WAITING.stop)
        return int.from_bytes(info[_WAITING], "little")
