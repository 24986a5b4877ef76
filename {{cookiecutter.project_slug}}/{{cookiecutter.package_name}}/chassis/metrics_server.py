"""Serves the metrics of all workers at /metrics, on a port of its own.

It runs in a mule, a process beside the workers: a scrape is answered while every worker is busy,
and the port stays off the public ingress.
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

PATH = "/metrics"

# The argument of the mule in infra/uwsgi.yaml, before the port.
MULE = b"metrics-on-"

log = logging.getLogger(__name__)


def serve() -> None:
    """Serve for as long as the process lives."""
    port = int(uwsgi.opt["mule"].removeprefix(MULE))
    try:
        server = ThreadingHTTPServer(("", port), Handler)
    except OSError:
        log.exception("the metrics' port %d cannot be listened on", port)
        # The master replaces the process at once; nothing is won by trying faster than this.
        time.sleep(5)
        sys.exit(1)
    server.serve_forever()


class Handler(BaseHTTPRequestHandler):
    """Answers GET /metrics and nothing else."""

    timeout = 10

    def do_GET(self) -> None:
        """Answer with all that has been counted."""
        if self.path.partition("?")[0] != PATH:
            self.send_error(404)
            return
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        registry.register(Workers())
        body = generate_latest(registry)
        self.send_response(200)
        self.send_header("Content-Type", CONTENT_TYPE_LATEST)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing: that a scrape was answered is of no interest."""


class Workers(Collector):
    """What uWSGI knows of its workers, asked when it is scraped."""

    def collect(self) -> Iterator[Metric]:
        """Return the metrics of this moment."""
        yield GaugeMetricFamily(
            "uwsgi_listen_queue", "Connections that wait for a worker.", value=uwsgi.listen_queue()
        )
        busy = GaugeMetricFamily(
            "uwsgi_worker_busy", "1 while it handles requests.", labels=["worker"]
        )
        memory = GaugeMetricFamily(
            "uwsgi_worker_resident_bytes", "Memory, as of its last request.", labels=["worker"]
        )
        starts = CounterMetricFamily(
            "uwsgi_worker_starts", "Times it was started.", labels=["worker"]
        )
        for worker in (known for known in uwsgi.workers() if "pid" in known):
            name = [str(worker["id"])]
            busy.add_metric(name, worker["status"] == b"busy")
            memory.add_metric(name, worker["rss"])
            starts.add_metric(name, worker["respawn_count"])
        yield from (busy, memory, starts)
