"""Finds a free TCP port for a server on this machine."""

import random
import socket
from contextlib import suppress


def free_port() -> int:
    """Return a port of 127.0.0.1 that nothing listens on at the moment.

    The port is below the range from which the system takes ports for outgoing connections. A port
    of that range could be taken again before the caller listens on it.
    """
    # Not from the shared generator, which Hypothesis seeds: tests side by side would get the same.
    for port in random.SystemRandom().sample(range(20_000, 32_000), 50):
        with socket.socket() as listener, suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port
    raise OSError("No free port found between 20000 and 32000.")
