"""What is printed, as log records: streams in the place of standard output and error."""

import io
import logging
import threading


class LogStream(io.TextIOBase):
    """Logs each line that is written to it, as a logger of its name."""

    def __init__(self, name: str) -> None:
        """Start without anything to log."""
        super().__init__()
        self.logger = logging.getLogger(name)
        self.local = threading.local()

    def writable(self) -> bool:
        """Be a stream to write to."""
        return True

    def write(self, text: str) -> int:
        """Log the lines that this completes; the rest waits for its end."""
        *lines, self.local.rest = (self._rest() + text).split("\n")
        for line in lines:
            self._log(line)
        return len(text)

    def flush(self) -> None:
        """Log a line that has no end yet."""
        rest, self.local.rest = self._rest(), ""
        self._log(rest)

    def _rest(self) -> str:
        return getattr(self.local, "rest", "")

    def _log(self, line: str) -> None:
        # A log handler that fails prints why, which comes back here and is not logged again.
        if line.strip() and not getattr(self.local, "logging", False):
            self.local.logging = True
            try:
                self.logger.info(line.rstrip())
            finally:
                self.local.logging = False
