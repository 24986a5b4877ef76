"""Bulkhead: limits the number of concurrent calls to other services in a worker.

Without the limit, a service that does not respond would block its callers as well: every thread of
a worker would wait for it, and none would be left for requests that need no other service, such as
`/health/live`.

It also works as a simple circuit breaker: a call to a service whose previous call timed out does
not wait for a free slot but fails immediately.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flask_chassis.clients.errors import TooSlowError, UnreachableError, UpstreamError

WAIT_SECONDS = 0.5
"""How long a call waits for a free slot, which is enough for a burst of short calls."""


class Bulkhead:
    """The concurrent calls that a worker may make to all services together."""

    def __init__(self, max_calls: int) -> None:
        """`max_calls` must be less than the number of threads of the worker."""
        self._slots = threading.BoundedSemaphore(max_calls)
        # Threads read and change the set without a lock. A thread that reads an outdated set only
        # waits for a slot when it need not, or the other way round.
        self._timed_out: set[str] = set()

    @contextmanager
    def acquire(self, service: str) -> Iterator[None]:
        """Occupy a slot for a call to `service` while the `with` block runs.

        Raises UnreachableError if no slot becomes free within WAIT_SECONDS, or immediately if the
        previous call to the service timed out.
        """
        wait = 0 if service in self._timed_out else WAIT_SECONDS
        if not self._slots.acquire(timeout=wait):
            raise UnreachableError(service, "too many concurrent calls are waiting for responses")
        try:
            yield
        except TooSlowError:
            self._timed_out.add(service)
            raise
        except UnreachableError:
            raise  # which does not show how fast the service responds
        except UpstreamError:
            self._timed_out.discard(service)
            raise
        else:
            self._timed_out.discard(service)
        finally:
            self._slots.release()
