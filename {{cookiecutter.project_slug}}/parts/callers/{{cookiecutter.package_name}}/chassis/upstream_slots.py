"""Keeps threads free: a worker waits for other services in some of its threads, never in all.

Else a service that is silent would silence its callers: each thread would wait for it, and nobody
would be there for what needs no other service, `/health/live` first of all.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from .upstream_errors import TooSlowError, UnreachableError, UpstreamError

WAIT_SECONDS = 0.5
"""For a slot: long enough for a burst of calls that are answered in time."""


class Slots:
    """The calls that a worker makes at a time, of all services together."""

    def __init__(self, at_a_time: int) -> None:
        """`at_a_time` is less than the worker has threads."""
        self._slots = threading.BoundedSemaphore(at_a_time)
        # Set and read without a lock: whoever is a moment late only waits, or does not.
        self._silent: set[str] = set()

    @contextmanager
    def taken(self, service: str) -> Iterator[None]:
        """Take one for a call; UnreachableError where none is free.

        Of a service that was silent the last time, nobody expects that one will be free soon.
        """
        wait = 0 if service in self._silent else WAIT_SECONDS
        if not self._slots.acquire(timeout=wait):
            raise UnreachableError(service, "too many calls are waiting for answers already")
        try:
            yield
        except TooSlowError:
            self._silent.add(service)
            raise
        except UnreachableError:
            raise  # which says nothing of how it answers
        except UpstreamError:
            self._silent.discard(service)
            raise
        else:
            self._silent.discard(service)
        finally:
            self._slots.release()
