"""Streams that replace standard output and standard error and log each printed line."""

import io
import logging
import threading


class LogStream(io.TextIOBase):
    """A text stream that logs each line that is written to it."""

    def __init__(self, name: str) -> None:
        """`name` is the name of the logger."""
        super().__init__()
        self.logger = logging.getLogger(name)
        self.local = threading.local()

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, text: str) -> int:
        """Log the complete lines, and buffer the rest until its line ends."""
        *lines, self.local.rest = (self._rest() + text).split("\n")
        for line in lines:
            self._log(line)
        return len(text)

    def flush(self) -> None:
        """Log the buffered part of a line."""
        rest, self.local.rest = self._rest(), ""
        self._log(rest)

    def _rest(self) -> str:
        return getattr(self.local, "rest", "")

    def _log(self, line: str) -> None:
        # A log handler that fails prints the error to this stream. It must not be logged again.
        if line.strip() and not getattr(self.local, "logging", False):
            self.local.logging = True
            try:
                self.logger.info(line.rstrip())
            finally:
                self.local.logging = False
