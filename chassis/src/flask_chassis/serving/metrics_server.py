"""Prometheus metrics server: serves the metrics of all workers at /metrics on a separate port.

It runs in a uWSGI mule, a process beside the workers. So a scrape succeeds while every worker is
busy, and the port is not exposed by the public ingress.
"""

import logging
import sys
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import uwsgi
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from flask_chassis.serving import listen_queue

PATH = "/metrics"

# The argument of the mule in infra/uwsgi.yaml, before the port.
MULE = b"metrics-on-"

log = logging.getLogger(__name__)


def serve() -> None:
    """Serve metrics until the process ends. Exits with status 1 if the port is not available."""
    port = int(uwsgi.opt["mule"].removeprefix(MULE))
    try:
        server = ThreadingHTTPServer(("", port), Handler)
    except OSError:
        log.exception("cannot listen on the metrics port %d", port)
        # The master restarts the process immediately. The pause limits the rate of restarts.
        time.sleep(5)
        sys.exit(1)
    server.serve_forever()


class Handler(BaseHTTPRequestHandler):
    """Handles GET /metrics; any other path is 404."""

    timeout = 10

    def do_GET(self) -> None:
        """Respond with the metrics of all processes."""
        if self.path.partition("?")[0] != PATH:
            self.send_error(404)
            return
        try:
            body = collect()
        except Exception:
            log.exception("cannot collect the metrics")
            self.send_error(500)
            return
        self.send_response(200)
        self.send_header("Content-Type", CONTENT_TYPE_LATEST)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing: scrapes do not belong in the access log."""


def collect() -> bytes:
    """Return the metrics of all processes in Prometheus' text format."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    registry.register(Workers())
    return generate_latest(registry)


class Workers(Collector):
    """Collects the metrics of uWSGI's workers and listen queue at each scrape."""

    def collect(self) -> Iterator[Metric]:
        """Return the current metrics."""
        yield GaugeMetricFamily(
            "uwsgi_listen_queue",
            "Number of connections that wait for a worker.",
            value=listen_queue.length(uwsgi),
        )
        busy = GaugeMetricFamily(
            "uwsgi_worker_busy", "1 if the worker is handling requests.", labels=["worker"]
        )
        memory = GaugeMetricFamily(
            "uwsgi_worker_resident_bytes",
            "Resident memory of the worker after its latest request.",
            labels=["worker"],
        )
        starts = CounterMetricFamily(
            "uwsgi_worker_starts", "Number of starts of the worker.", labels=["worker"]
        )
        for worker in (known for known in uwsgi.workers() if "pid" in known):
            name = [str(worker["id"])]
            busy.add_metric(name, worker["status"] == b"busy")
            memory.add_metric(name, worker["rss"])
            starts.add_metric(name, worker["respawn_count"])
        yield from (busy, memory, starts)
