"""A program that runs beside this one, until it is ended."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from invoke import Exit

START_SECONDS = 60

STOP_SECONDS = 60
"""More than a request may take (`harakiri` in infra/uwsgi.yaml), as a running one is let finish."""


KILL_SECONDS = 10
"""How long a process may take to be gone once it is killed."""

ENDED = {"Z", "X"}
"""The states of processes that have ended, and whose parent does not know yet."""


def states_of_group(group: int) -> set[str]:
    """Return the states of all processes of a group, as /proc has them: T is stopped.

    On systems without /proc, the result is empty.
    """
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            # The name of the program, in parentheses, may have spaces.
            state, _, number = stat.read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue  # it has ended
        if int(number) == group:
            found.add(state)
    return found


class Program:
    """A program in a session of its own: Ctrl-C goes to this process alone, which ends it."""

    def __init__(
        self, words: Sequence[str | Path], folder: Path, variables: Mapping[str, str], log: Path
    ) -> None:
        """Start it; all that it writes is added to `log`."""
        self._log = log
        self._is_asked = False
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                words,
                cwd=folder,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The number of its process, and of the session with all that it has started."""
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        """Whether it has ended."""
        return self._process.poll() is not None

    def wait_until(self, is_there: Callable[[], bool], name: str) -> None:
        """Wait until something is there; Exit, with its last lines, where it does not come."""
        deadline = time.monotonic() + START_SECONDS
        while not is_there():
            if self.has_ended or time.monotonic() > deadline:
                raise Exit(f"{name} does not start. Its log ends:\n{self.last_lines()}", 1)
            time.sleep(0.05)

    def wait(self) -> int:
        """Wait until it ends by itself, and return its exit code."""
        return self._process.wait()

    def ask_to_end(self) -> None:
        """Ask it to end, once, and wait for nothing.

        A second signal could arrive while it removes its files.
        """
        if not self._is_asked:
            self._is_asked = True
            self._process.terminate()

    def end(self) -> int:
        """Ask it to end, wait, and return its exit code.

        One that does not end within STOP_SECONDS is killed: the exit code is then -9.
        """
        self.ask_to_end()
        try:
            return self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            return self.kill()

    def kill(self) -> int:
        """Kill it with all that it has started, as a power failure would."""
        self.signal(signal.SIGKILL)
        code = self._process.wait()
        # The first process may be gone while others still hold its listening socket.
        deadline = time.monotonic() + KILL_SECONDS
        while states_of_group(self.pid) - ENDED and time.monotonic() < deadline:
            time.sleep(0.01)
        return code

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to it and to all that it has started."""
        os.killpg(self._process.pid, number)

    def last_lines(self) -> str:
        """Return the last lines that it has written."""
        return "\n".join(self._log.read_text("utf-8").splitlines()[-20:])
