"""A receiver of Sentry's envelopes: https://develop.sentry.dev/sdk/data-model/envelopes/."""

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "0123456789abcdef0123456789abcdef"  # pragma: allowlist secret


class Receiver(ThreadingHTTPServer):
    """Keeps what it receives: `bodies` as they are, and `events`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.bodies: list[str] = []
        self.events: list[dict[str, Any]] = []
        self.answers = threading.Event()
        self.answers.set()

    @property
    def dsn(self) -> str:
        """The address that a project of Sentry gives its services."""
        return f"http://{KEY}@127.0.0.1:{self.server_address[1]}/17"


class Handler(BaseHTTPRequestHandler):
    """Takes envelopes at the address of the project."""

    server: Receiver

    def do_POST(self) -> None:
        """Read an envelope."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.answers.wait(300)
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        assert self.path == "/api/17/envelope/", self.path
        assert f"sentry_key={KEY}" in self.headers["X-Sentry-Auth"]
        self.server.bodies.append(f"{self.headers}{body.decode()}")
        self.server.events += events_in(body)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


def events_in(body: bytes) -> Iterator[dict[str, Any]]:
    """Yield the events of an envelope: lines of JSON, each item with a header before it."""
    header, _, rest = body.partition(b"\n")
    assert json.loads(header)["event_id"]
    while rest.strip():
        line, _, rest = rest.partition(b"\n")
        item = json.loads(line)
        payload, rest = rest[: item["length"]], rest[item["length"] :].removeprefix(b"\n")
        if item["type"] == "event":
            yield json.loads(payload)


@contextmanager
def receiver() -> Iterator[Receiver]:
    """Run a receiver."""
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.answers.set()
            server.shutdown()
            thread.join()
