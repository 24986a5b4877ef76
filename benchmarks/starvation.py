"""Whether idle connections keep a new client out."""

import socket
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import Any

IDLE = 200
BAR_SECONDS = 1.0
CLIENTS = 20
TIMEOUT_SECONDS = 15

REQUEST = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"


@dataclass(frozen=True)
class Starved:
    """What a new client meets: how long each of some waited, one after the other."""

    idle: int
    still_open: int
    slowest_seconds: float
    is_met: bool

    def as_json(self) -> dict[str, Any]:
        """Return all of it."""
        return asdict(self)


def measure(port: int, idle: int = IDLE) -> Starved:
    """Open connections, use each once, leave it open, and see how a new client fares."""
    with ExitStack() as stack:
        connections = []
        for _ in range(idle):
            connection = stack.enter_context(_connect(port))
            connection.sendall(REQUEST)
            connection.recv(65_536)
            connections.append(connection)
        waits = [_wait(port) for _ in range(CLIENTS)]
        still_open = sum(_is_open(connection) for connection in connections)
    return Starved(idle, still_open, max(waits), max(waits) < BAR_SECONDS)


def _connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_SECONDS)


def _wait(port: int) -> float:
    begun = time.monotonic()
    try:
        with _connect(port) as connection:
            connection.sendall(REQUEST)
            connection.recv(65_536)
    except TimeoutError:
        pass  # it has waited as long as is looked at
    return time.monotonic() - begun


def _is_open(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return connection.recv(1) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False
