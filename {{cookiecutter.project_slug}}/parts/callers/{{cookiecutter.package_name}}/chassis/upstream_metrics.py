"""Times the calls of other services, by service, method and outcome."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from time import perf_counter

from prometheus_client import Histogram

from .metrics import BUCKETS
from .upstream_errors import UpstreamError


@cache
def durations() -> Histogram:
    """Return the metric, which can be registered once in a process."""
    return Histogram(
        "upstream_request_duration_seconds",
        "Time from a call of another service to its outcome, all attempts together.",
        ["service", "method", "outcome"],
        buckets=BUCKETS,
    )


@contextmanager
def measured(service: str, method: str) -> Iterator[None]:
    """Time what happens inside. The outcome is `ok`, or that of the UpstreamError."""
    started, outcome = perf_counter(), "ok"
    try:
        yield
    except UpstreamError as error:
        outcome = error.outcome
        raise
    finally:
        durations().labels(service, method, outcome).observe(perf_counter() - started)
