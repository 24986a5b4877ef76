"""Listening sockets at a shutdown: what waits is accepted, and what comes later is refused."""

import os
import socket
import sys
import threading
from collections.abc import Iterator

import pytest

from flask_chassis.serving import listen_sockets

TRIES_SECONDS = 0.3
"""Less than after which Linux repeats the first packet of a connection: a second."""


@pytest.fixture(params=[socket.AF_INET, socket.AF_INET6], ids=["IPv4", "IPv6"])
def listener(request: pytest.FixtureRequest) -> Iterator[socket.socket]:
    """A listening socket, which another thread of a worker would accept from."""
    host = "127.0.0.1" if request.param == socket.AF_INET else "::1"
    try:
        made = socket.create_server((host, 0), family=request.param)
    except OSError:
        pytest.skip(f"this machine has no {host}")
    with made:
        yield made


def connect(listener: socket.socket) -> socket.socket:
    """Open a connection."""
    return socket.create_connection(listener.getsockname()[:2], timeout=TRIES_SECONDS)


@pytest.mark.skipif(sys.platform != "linux", reason="the filter is Linux's")
def test_who_waits_is_accepted_and_who_comes_later_is_refused(listener: socket.socket) -> None:
    sockets = listen_sockets.duplicates([listener.fileno()])
    with connect(listener) as waiting:
        drained = threading.Thread(target=listen_sockets.drain, args=[sockets, 30])
        drained.start()
        drained.join(4 * listen_sockets.HANDSHAKE_SECONDS)
        assert drained.is_alive()
        with pytest.raises(TimeoutError):
            connect(listener)
        accepted, _ = listener.accept()
        with accepted:
            drained.join(10)
            assert not drained.is_alive()
            listen_sockets.close(sockets)
            with pytest.raises(ConnectionRefusedError):
                connect(listener)
            # What is accepted goes on.
            waiting.sendall(b"POST")
            assert accepted.recv(4) == b"POST"


def test_the_wait_ends_although_nobody_accepts(listener: socket.socket) -> None:
    sockets = listen_sockets.duplicates([listener.fileno()])
    with connect(listener):
        listen_sockets.drain(sockets, 0)
    listen_sockets.close(sockets)


def test_other_sockets_are_left_alone() -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        assert listen_sockets.duplicates([listener.fileno()]) == []
        os.fstat(listener.fileno())
