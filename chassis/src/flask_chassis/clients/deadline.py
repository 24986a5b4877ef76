"""Ends an HTTP exchange at a deadline, whatever the other side does.

The time-outs of urllib3 restart with each byte that arrives: a server that sends its status line,
its headers, the sizes of its chunks or its body byte by byte holds a thread for as long as it
likes. At the deadline, the socket is shut down, which ends the call that waits for it.
"""

import contextlib
import socket
import threading
import time
from contextvars import ContextVar
from types import TracebackType
from typing import Any, Self

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.response import HTTPResponse

_running: ContextVar["Deadline | None"] = ContextVar("deadline", default=None)


class Deadline:
    """Ends the exchanges of this thread in a `with` block that go on for longer.

    It takes a session with the DeadlineAdapter. Whatever error, or shortened response, comes of a
    socket that was shut down: ask `has_ended_it` first.
    """

    def __init__(self, at: float) -> None:
        """`at` is a time of `time.monotonic()`."""
        self.has_ended_it = False
        self._at = at
        self._connections: list[HTTPConnection] = []
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self._is_over = False

    def __enter__(self) -> Self:
        """Start the timer, which is a thread: not one of those that serve requests."""
        self._timer = threading.Timer(max(self._at - time.monotonic(), 0.001), self._end)
        self._timer.daemon = True
        self._timer.start()
        self._token = _running.set(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the timer: the connection may be another thread's from now on."""
        _running.reset(self._token)
        self._timer.cancel()
        with self._lock:
            self._is_over = True

    def watch(self, connection: HTTPConnection) -> None:
        """End the exchange on a connection in time."""
        self._connections.append(connection)
        # A connection that is not kept forgets its socket, of which the response is still read.
        if connection.sock is not None:
            self._sockets.append(connection.sock)

    def _end(self) -> None:
        with self._lock:
            if self._is_over:
                return
            for each in {*self._sockets, *(connection.sock for connection in self._connections)}:
                if each is not None:
                    self.has_ended_it = True
                    with contextlib.suppress(OSError):  # it has been closed meanwhile
                        each.shutdown(socket.SHUT_RDWR)


class _WatchedConnection(HTTPConnection):
    def connect(self) -> None:
        """Connect: the answer of a proxy may trickle, too."""
        _watch(self)
        super().connect()

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as urllib3 has it
        """Read the status line and the headers."""
        _watch(self)
        return super().getresponse()


class _WatchedHttpsConnection(HTTPSConnection):
    def connect(self) -> None:
        """Connect: see _WatchedConnection."""
        _watch(self)
        super().connect()

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as urllib3 has it
        """Read the status line and the headers."""
        _watch(self)
        return super().getresponse()


def _watch(connection: HTTPConnection) -> None:
    if deadline := _running.get():
        deadline.watch(connection)


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _WatchedConnection


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedHttpsConnection


_POOLS = {"http": _HttpPool, "https": _HttpsPool}


class DeadlineAdapter(HTTPAdapter):
    """The adapter of requests, with connections that a Deadline can end."""

    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
        """Make the pools of connections."""
        super().init_poolmanager(*arguments, **named)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **named: Any) -> Any:
        """Return the pools of connections through a proxy."""
        manager = super().proxy_manager_for(proxy, **named)
        manager.pool_classes_by_scheme = _POOLS
        return manager
