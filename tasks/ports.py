"""Ports of this machine."""

import random
import socket
from contextlib import suppress

from invoke import Exit


def listens(port: int) -> bool:
    """Whether somebody listens on a port of this machine."""
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0


def free_port(preferred: int = 0) -> int:
    """Return the preferred port if nobody has it, else another one that is free.

    It is below those that the system gives to outgoing connections: one of these may be taken again
    before it is used.
    """
    # Not from the shared generator, which Hypothesis seeds: tests side by side would get the same.
    others = random.SystemRandom().sample(range(20_000, 32_000), 50)
    for port in [preferred, *others] if preferred else others:
        with socket.socket() as listener, suppress(OSError):
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("", port))
            return port
    raise Exit("There is no free port.", 1)
