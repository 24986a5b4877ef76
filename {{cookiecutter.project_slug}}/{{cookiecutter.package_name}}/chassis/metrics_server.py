"""Serves the metrics of all workers on a port of their own (`mules: 1` in infra/uwsgi.yaml).

A process of its own: a scrape is answered even while every worker is busy, and the port can be kept
off the public ingress.
"""

import importlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector


class Handler(BaseHTTPRequestHandler):
    """Answers GET /metrics and nothing else."""

    def do_GET(self) -> None:
        if self.path.partition("?")[0] != "/metrics":
            self.send_error(404)
            return
        registry = CollectorRegistry()
        MultiProcessCollector(registry)
        body = generate_latest(registry)
        self.send_response(200)
        self.send_header("Content-Type", CONTENT_TYPE_LATEST)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing: a scrape every few seconds says nothing about the service."""


def serve_in_mule() -> None:
    """Serve until the master stops this process."""
    uwsgi = importlib.import_module("uwsgi")
    if not uwsgi.mule_id():
        return
    port = int(uwsgi.opt["mule"].removeprefix(b"port-"))
    ThreadingHTTPServer(("", port), Handler).serve_forever()
