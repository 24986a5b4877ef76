"""Sends the log to a syslog server as well: for companies whose collector reads no standard output.

One datagram a record, with the same JSON: who is not there to take it keeps nobody waiting.
"""

import logging
import logging.handlers
import socket

from .failures import StartError
from .json_lines import JsonFormatter

LARGEST_DATAGRAM = 65_000
"""What fits into a datagram, with its header; a longer record is on standard output alone."""


class Syslog(logging.handlers.SysLogHandler):
    """A syslog server, whose address is looked up once: a log line waits for no name server."""

    def __init__(self, host: str, port: int, service: str) -> None:
        """Look up the address; OSError where there is none."""
        [(_, _, _, _, address), *_] = socket.getaddrinfo(
            host, port, socket.AF_INET, socket.SOCK_DGRAM
        )
        super().__init__((str(address[0]), port))
        self.setFormatter(JsonFormatter())
        self.ident = f"{service}: "
        self.append_nul = False

    def emit(self, record: logging.LogRecord) -> None:
        """Send a record, unless it is too long."""
        if len(self.format(record).encode()) <= LARGEST_DATAGRAM:
            super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  (its name)
        """Let a record be lost: it is on standard output."""


def configure(address: str, service: str) -> None:
    """Send all records to `host:port` from now on; to nobody, where it is empty."""
    root = logging.getLogger()
    for handler in [each for each in root.handlers if isinstance(each, Syslog)]:
        root.removeHandler(handler)
        handler.close()
    if not address:
        return
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        raise StartError(f"logs.syslog is {address!r}: give host:port, or nothing.")
    try:
        root.addHandler(Syslog(host, int(port), service))
    except (OSError, OverflowError) as error:
        raise StartError(f"logs.syslog is {address!r}, which cannot be found: {error}.") from error
