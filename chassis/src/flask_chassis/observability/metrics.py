"""Prometheus metrics of requests: count and duration, labelled by route and not by path.

The duration is what the client sees, with the wait for a thread: a service that answers each
request fast and lets all of them wait is slow.

Under uWSGI, `flask_chassis.serving.metrics_server` serves the sum over all workers. Otherwise the
metrics are in the default registry of the process.
"""

import logging
from functools import cache

from flask import Flask
from prometheus_client import Counter, Gauge, Histogram

from flask_chassis.observability import log_output, version
from flask_chassis.observability.buckets import BUCKETS
from flask_chassis.settings import Settings

# Any other method is counted as "other". Clients choose the method, and each value of a label
# creates a time series.
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

log = logging.getLogger(__name__)


class ServiceMetrics:
    """The metrics of every service. The time series of each combination of labels is cached."""

    def __init__(self) -> None:
        """Register the metrics, which is possible only once per process."""
        self.info = Gauge(
            "service_info",
            "Always 1; the labels contain the running version.",
            ["version", "commit"],
            multiprocess_mode="max",
        )
        requests = Counter("http_requests", "Number of requests.", ["method", "route", "status"])
        durations = Histogram(
            "http_request_duration_seconds",
            "Duration of a request in seconds, with its wait for a thread.",
            ["method", "route"],
            buckets=BUCKETS,
        )
        self.counter = cache(requests.labels)
        self.histogram = cache(durations.labels)


service_metrics = cache(ServiceMetrics)


def init_app(app: Flask, settings: Settings) -> None:
    """Set the metric `service_info` to the running version."""
    log_output.dropped_lines()
    service_metrics().info.labels(**version.current(settings)).set(1)


def count(method: str, route: str, status: str, seconds: float) -> None:
    """Count a request and its duration, with its wait. `route` is the URL rule, of `route_of`."""
    metrics = service_metrics()
    if method not in METHODS:
        method = "other"
    try:
        metrics.counter(method, route, status).inc()
        metrics.histogram(method, route).observe(seconds)
    except OSError as error:  # from metrics_files; the request itself must not fail
        log.warning("cannot update the metrics of a request: %s", error)
