"""Lets one task at a time change a service. The lock in `.git` says who holds it.

The lock is the operating system's: it ends with the process that holds it, however that ends.
"""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from . import git, switch
from .faults import UpdateError

FILE = "template-task.lock"

LONGEST = 300


@contextmanager
def held(service: Path, task: str) -> Iterator[None]:
    """Hold the lock of a service for a task; UpdateError with the holder if another has it."""
    switch.require_repository(service)
    file = service / git.ask(service, "rev-parse", "--git-path", FILE)
    try:
        # Not through a symbolic link, which could lead to a file outside of the service.
        handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
    except OSError as error:
        raise UpdateError(f"The lock of the service cannot be opened: {error}.") from None
    try:
        _lock(handle, service)
        since = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        _write(handle, f"{task}, process {os.getpid()} on {socket.gethostname()}, since {since}")
        yield
        _write(handle, "")
    finally:
        os.close(handle)


def _lock(handle: int, service: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        text = os.pread(handle, LONGEST, 0).decode(errors="replace")
        owner = "".join(letter for letter in text if letter.isprintable()) or "a task that starts"
        raise UpdateError(
            f"Another task works on {service}: {owner}. Nothing was changed. Start "
            "again when it has ended."
        ) from None
    except OSError as error:
        raise UpdateError(
            f"{FILE} in the git folder of {service} cannot be locked: {error}."
        ) from None


def _write(handle: int, text: str) -> None:
    # What a full disk keeps from being written is only the answer to who holds the lock.
    with suppress(OSError):
        os.ftruncate(handle, 0)
        os.pwrite(handle, text.encode(), 0)
