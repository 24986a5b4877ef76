"""Prometheus metrics of calls to other services: duration by service, method and outcome."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from time import perf_counter

from prometheus_client import Histogram

from flask_chassis.clients.errors import UpstreamError
from flask_chassis.observability.buckets import BUCKETS


@cache
def durations() -> Histogram:
    """Return the histogram. It is cached because a process can register it only once."""
    return Histogram(
        "upstream_request_duration_seconds",
        "Duration of a call to another service in seconds, including all attempts.",
        ["service", "method", "outcome"],
        buckets=BUCKETS,
    )


@contextmanager
def measured(service: str, method: str) -> Iterator[None]:
    """Measure the duration of a `with` block.

    The outcome is `ok`, or the `outcome` of the UpstreamError that the block raises.
    """
    started, outcome = perf_counter(), "ok"
    try:
        yield
    except UpstreamError as error:
        outcome = error.outcome
        raise
    finally:
        durations().labels(service, method, outcome).observe(perf_counter() - started)
