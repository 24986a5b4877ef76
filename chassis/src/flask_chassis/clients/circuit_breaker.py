"""Circuit breaker: stops calling a service that fails again and again, and tries it now and then.

After a number of failed calls in a row the circuit of a service is open: calls fail at once. They
occupy no thread, and leave the other service room to recover. When the circuit has been open for a
while, one call is let through: if it succeeds, the circuit is closed again.

Each worker has its own, as each has its own connections. Of the libraries, pybreaker holds a lock
during the call, so that the threads of a worker call one after the other, and circuitbreaker and
purgatory let every waiting thread through as soon as one may try.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from flask_chassis.clients.errors import (
    CircuitOpenError,
    TooSlowError,
    UnreachableError,
    UpstreamError,
)

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Circuit:
    failures: int = 0
    try_at: float = 0.0
    """When the next call is let through, in the clock's seconds; without meaning if closed."""


class CircuitBreaker:
    """The circuits of all services that a worker calls."""

    def __init__(
        self, failures: int, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Open after `failures` failed calls in a row, for `seconds`; 0 failures: never."""
        self._threshold = failures
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._circuits: dict[str, _Circuit] = {}

    def require_closed(self, service: str) -> None:
        """Raise CircuitOpenError unless the service may be called now."""
        with self._lock:
            circuit = self._circuits.get(service)
            if circuit is None or not self._is_open(circuit):
                return
            now = self._clock()
            if now < circuit.try_at:
                raise CircuitOpenError(
                    service,
                    f"the circuit is open for another {circuit.try_at - now:.1f} s: the last "
                    f"{circuit.failures} calls failed",
                )
            circuit.try_at = now + self._seconds  # this call tries; the others go on failing

    @contextmanager
    def watch(self, service: str) -> Iterator[None]:
        """Count how the call in the `with` block ends. A service that refuses works."""
        try:
            yield
        except (UnreachableError, TooSlowError):
            self._failed(service)
            raise
        except UpstreamError:
            self._succeeded(service)
            raise
        else:
            self._succeeded(service)

    def _is_open(self, circuit: _Circuit) -> bool:
        return 0 < self._threshold <= circuit.failures

    def _failed(self, service: str) -> None:
        with self._lock:
            circuit = self._circuits.setdefault(service, _Circuit())
            circuit.failures += 1
            circuit.try_at = self._clock() + self._seconds
            opens = circuit.failures == self._threshold
        if opens:
            log.error(
                "the circuit of %s is open for %s s: %d calls failed in a row",
                service,
                self._seconds,
                self._threshold,
            )

    def _succeeded(self, service: str) -> None:
        if service not in self._circuits:
            return  # the usual case, without the lock
        with self._lock:
            circuit = self._circuits.pop(service, _Circuit())
        if self._is_open(circuit):
            log.warning("the circuit of %s is closed again", service)
