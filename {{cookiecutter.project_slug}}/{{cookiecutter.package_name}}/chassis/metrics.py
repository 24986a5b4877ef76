"""Prometheus metrics of every request, labelled by route and never by raw path.

Under uWSGI all workers' metrics are added up and served by metrics_server; elsewhere they are in
the ordinary registry of the process.
"""

import logging
from functools import cache

from flask import Flask
from prometheus_client import Counter, Gauge, Histogram

from . import answers, version
from .answers import Answer
from .settings import Settings

# Any other counts as "other": methods come from outside, and each value of a label is a time
# series.
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

# Seconds: from an answer out of memory to beyond the patience of whoever waits.
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

log = logging.getLogger(__name__)


class ServiceMetrics:
    """The metrics that every service has, with the series of a set of labels looked up once."""

    def __init__(self) -> None:
        """Register them, which can be done once in a process."""
        self.info = Gauge(
            "service_info",
            "1, for the version that is running.",
            ["version", "commit"],
            multiprocess_mode="max",
        )
        requests = Counter("http_requests", "Requests answered.", ["method", "route", "status"])
        durations = Histogram(
            "http_request_duration_seconds",
            "Time from a request to its answer.",
            ["method", "route"],
            buckets=BUCKETS,
        )
        self.counter = cache(requests.labels)
        self.histogram = cache(durations.labels)


service_metrics = cache(ServiceMetrics)


def init_app(app: Flask, settings: Settings) -> None:
    """Count and time every request."""
    metrics = service_metrics()
    metrics.info.labels(**version.current(settings)).set(1)

    def count(answer: Answer) -> None:
        method = answer.method if answer.method in METHODS else "other"
        try:
            metrics.counter(method, answer.route, answer.status).inc()
            metrics.histogram(method, answer.route).observe(answer.seconds)
        except OSError as error:  # of metrics_files: nobody goes without an answer for that
            log.warning("a request is not counted: %s", error)

    answers.tell(app, count)
