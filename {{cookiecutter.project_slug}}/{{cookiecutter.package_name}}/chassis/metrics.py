"""Prometheus metrics of every request, labelled by route and never by raw path."""

from dataclasses import dataclass, field
from functools import cache
from time import perf_counter

from flask import Flask, Response, g, request
from prometheus_client import Counter, Gauge, Histogram

from .settings import Settings

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
UNMATCHED = "unmatched"
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

class HttpMetrics:
    """The metrics of HTTP requests, with the children of each label set bound once."""

    def __init__(self) -> None:
        self.requests = Counter("http_requests", "Requests answered.", ["method", "route", "status"])
        self.durations = Histogram("http_request_duration_seconds", "Time to the answer.", ["method", "route"], buckets=BUCKETS)
        self.in_progress = Gauge("http_requests_in_progress", "Requests being handled.", multiprocess_mode="livesum")
        # a replaced worker may have died in the middle of a request
        self.in_progress.set(0)
        self.count = cache(lambda method, route, status: self.requests.labels(method, route, status).inc)
        self.observe = cache(lambda method, route: self.durations.labels(method, route).observe)


@cache
def http_metrics() -> HttpMetrics:
    return HttpMetrics()


def init_app(app: Flask, settings: Settings) -> None:
    """Measure every request of the application."""
    metrics = http_metrics()

    @app.before_request
    def start() -> None:
        g.metrics_started = perf_counter()
        metrics.in_progress.inc()

    @app.after_request
    def measure(response: Response) -> Response:
        method = request.method if request.method in METHODS else "other"
        rule = request.url_rule
        route = rule.rule if rule else UNMATCHED
        metrics.count(method, route, response.status_code)()
        metrics.observe(method, route)(perf_counter() - g.metrics_started)
        metrics.in_progress.dec()
        return response
