"""Sends log records to a syslog server, in addition to standard output.

Each record is one UDP datagram with the same JSON, so a server that is down does not block.
"""

import logging
import logging.handlers
import socket

from flask_chassis.exceptions import ConfigurationError
from flask_chassis.observability.json_logging import JsonFormatter

LARGEST_DATAGRAM = 65_000
"""In bytes, without the header. A longer record is written to standard output only."""


class Syslog(logging.handlers.SysLogHandler):
    """Log handler for a syslog server. It resolves the host name only once, at the start."""

    def __init__(self, host: str, port: int, service: str) -> None:
        """Resolve the host name; raises OSError if that fails. `service` begins each message."""
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
        """Ignore errors: the record is on standard output as well."""


def configure(address: str, service: str) -> None:
    """Send all records to the syslog server `host:port`; if `address` is empty, to none.

    Raises ConfigurationError if the address is not valid or the host name cannot be resolved.
    """
    root = logging.getLogger()
    for handler in [each for each in root.handlers if isinstance(each, Syslog)]:
        root.removeHandler(handler)
        handler.close()
    if not address:
        return
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        raise ConfigurationError(f"logs.syslog is {address!r}: set host:port, or leave it empty.")
    try:
        root.addHandler(Syslog(host, int(port), service))
    except (OSError, OverflowError) as error:
        raise ConfigurationError(
            f"logs.syslog is {address!r}, which cannot be resolved: {error}. Correct the host name."
        ) from error
