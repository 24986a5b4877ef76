"""An nginx with the generated configuration, and instances that keep what they receive."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from invoke import Exit

from tasks.edge import configuration, nginx
from tasks.ports import free_port, listens
from tests.waiting import eventually


@dataclass
class Received:
    """A request that a back end has received."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Backend(ThreadingHTTPServer):
    """An instance that keeps what it receives."""

    daemon_threads = True

    def __init__(self) -> None:
        """It answers until a test lets it fail."""
        super().__init__(("127.0.0.1", 0), Handler)
        self.received: list[Received] = []
        self.resets = False
        self.body = b"answered"
        self.sent = 0


class Handler(BaseHTTPRequestHandler):
    """Answers as a service does: one request a connection."""

    server: Backend

    def do_GET(self) -> None:
        """Keep the request; answer it, or end as a process that is killed."""
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.received.append(Received(self.command, self.path, headers, body))
        if self.server.resets:
            return
        self.send_response(200)
        self.send_header("Cache-Control", "public, max-age=31536000, immutable")
        self.send_header("Set-Cookie", "session=1")
        self.end_headers()
        self.wfile.write(self.server.body)
        self.server.sent += 1

    do_POST = do_PUT = do_GET  # noqa: N815  # the names that http.server calls

    def log_message(self, *arguments: object) -> None:
        """Write nothing."""


def program() -> str:
    """Return the path of nginx; the test is skipped if it is not installed."""
    try:
        return nginx()
    except Exit as missing:
        pytest.skip(str(missing))


@contextmanager
def edge(folder: Path, service: Path, addresses: list[str], name: str) -> Iterator[int]:
    """Start an nginx with the generated configuration, and yield its port."""
    port = free_port()
    user = "root" if os.geteuid() == 0 else ""
    text = configuration([service], {name: addresses}, f"127.0.0.1:{port}", user=user)
    (folder / "nginx.conf").write_text(text)
    words = [program(), "-p", str(folder), "-c", "nginx.conf", "-e", "stderr"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(words, stdout=log, stderr=log)
    try:
        eventually(lambda: listens(port))
        yield port
    finally:
        process.terminate()
        process.wait(10)
