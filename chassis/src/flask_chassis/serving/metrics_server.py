"""Metrics server: serves /metrics, of all workers, and the liveness probe on a separate port.

It runs in a uWSGI mule, a process beside the workers. So scrapes and liveness probes succeed while
every worker is busy, or waits for clients that send nothing, and the port is not exposed by the
public ingress.
"""

import json
import logging
import socket
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

from flask_chassis.observability.log_output import LONGEST_UNREAD_SECONDS
from flask_chassis.serving import listen_queue, log_watch, network

METRICS = "/metrics"

LIVENESS = "/health/live"

# The argument of the mule in infra/uwsgi.yaml, before the host, a colon and the port.
MULE = b"metrics-on-"

log = logging.getLogger(__name__)


def serve() -> None:
    """Serve metrics until the process ends. Exits with status 1 if the port is not available."""
    # In an older infra/uwsgi.yaml there is the port alone.
    host, _, number = uwsgi.opt["mule"].removeprefix(MULE).decode().rpartition(":")
    port = int(number)
    try:
        server = _server(host)((host.strip("[]"), port), Handler)
    except OSError:
        log.exception("cannot listen on the metrics port %d", port)
        # The master restarts the process immediately. The pause limits the rate of restarts.
        time.sleep(5)
        sys.exit(1)
    server.serve_forever()


class Ipv6Server(ThreadingHTTPServer):
    """Listens on IPv6; at the address of all interfaces on IPv4, too."""

    address_family = socket.AF_INET6

    def server_bind(self) -> None:
        """Accept IPv4 as well, whatever the system's default is."""
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        super().server_bind()


def _server(host: str) -> type[ThreadingHTTPServer]:
    """Return the server for an address; without one, it is for all of them."""
    is_ipv6 = ":" in host or (not host and network.has_dual_stack())
    return Ipv6Server if is_ipv6 else ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    """Handles GET /metrics and GET /health/live; any other path is 404."""

    timeout = 10

    def do_GET(self) -> None:
        """Respond with the metrics of all processes, or whether the service is live."""
        path = self.path.partition("?")[0]
        if path == METRICS:
            self._send_metrics()
        elif path == LIVENESS:
            self._send_liveness()
        else:
            self.send_error(404)

    def _send_metrics(self) -> None:
        try:
            body = collect()
        except Exception:
            log.exception("cannot collect the metrics")
            self.send_error(500)
            return
        self._send(200, CONTENT_TYPE_LATEST, body)

    def _send_liveness(self) -> None:
        """Respond as the application does at this path: 503 if a restart may help."""
        seconds = log_watch.seconds_full()
        is_live = seconds <= LONGEST_UNREAD_SECONDS
        said: dict[str, object] = {"status": "ok" if is_live else "unavailable"}
        if not is_live:
            said["checks"] = {"standard output": f"not read for {seconds:.0f} s"}
        self._send(200 if is_live else 503, "application/json", json.dumps(said).encode())

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing: scrapes and probes do not belong in the access log."""


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
