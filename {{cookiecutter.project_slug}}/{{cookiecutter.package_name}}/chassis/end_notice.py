"""The news that the service ends, for all of its processes.

It is a pipe of uWSGI's master, in which something can be read from then on. Nobody reads it: so it
is news for everybody, and for a worker that starts later too.
"""

import os
import select
import threading
from collections.abc import Callable

# Both ends, in the order of os.pipe(), where the master has made them.
_pipe: list[int] = []


def prepare() -> None:
    """Make it, in the master, before there are other processes."""
    _pipe[:] = os.pipe()


def give() -> None:
    """Say that the service ends, to whom it was prepared for."""
    if _pipe:
        os.write(_pipe[1], b"!")


def call(function: Callable[[], None]) -> None:
    """Have a function called when the service ends; never, where it was not prepared for."""
    if _pipe:
        threading.Thread(target=_wait, args=[function], name="end-notice", daemon=True).start()


def _wait(function: Callable[[], None]) -> None:
    select.select(_pipe[:1], [], [])
    function()
