"""A task of a service that is run at a terminal, by a person who reads and types."""

import os
import pty
import select
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.updates.services import Service

SECONDS = 120

END_OF_INPUT = "\x04"


class Terminal:
    """What the person sees, and can type into."""

    def __init__(self, screen: int, process: subprocess.Popen[bytes]) -> None:
        self._screen = screen
        self._process = process
        self.shown = ""
        """All there was to read so far."""

    def reads(self, text: str) -> str:
        """Wait until a text is shown, and return what was shown since the last one."""
        began = len(self.shown)
        until = time.monotonic() + SECONDS
        while text not in self.shown[began:]:
            assert time.monotonic() < until, f"no {text!r} in {self.shown}"
            assert self._more(), f"it ended without {text!r}: {self.shown}"
        return self.shown[began:]

    def types(self, text: str) -> None:
        """Type a line."""
        os.write(self._screen, f"{text}\n".encode())

    def presses(self, key: str) -> None:
        """Type a key."""
        os.write(self._screen, key.encode())

    def ends(self) -> int:
        """Read to the end, and return the exit code."""
        while self._more():
            pass
        return self._process.wait(SECONDS)

    def _more(self) -> bool:
        """Read what comes next; False where nothing will come."""
        ready, _, _ = select.select([self._screen], [], [], SECONDS)
        assert ready, f"nothing happens after {self.shown}"
        try:
            read = os.read(self._screen, 4096)
        except OSError:  # as Linux says that nobody writes any more
            return False
        self.shown += read.decode(errors="replace").replace("\r\n", "\n")
        return bool(read)


@contextmanager
def at_a_terminal(service: Service, *words: str) -> Iterator[Terminal]:
    """Run a task, with a terminal for its input and output."""
    screen, keyboard = pty.openpty()
    plain = {"TERM": "dumb", "NO_COLOR": "1", "COLUMNS": "200"}
    process = subprocess.Popen(
        [service.command, *words],
        cwd=service.path,
        env=os.environ | service.variables | plain,
        stdin=keyboard,
        stdout=keyboard,
        stderr=keyboard,
        start_new_session=True,
    )
    os.close(keyboard)
    try:
        yield Terminal(screen, process)
    finally:
        process.kill()
        process.wait()
        os.close(screen)
