"""Fake upstream services: HTTP servers on 127.0.0.1 that answer as a test tells them to.

    with Service() as users:
        users.on("GET", "/api/users/5/", Reply(json={"name": "Ada"}))
        ...
        assert users.requests[0].headers["X-Request-ID"]

A reply can also misbehave: never come, come byte by byte, or not be HTTP. `faked` puts such a
server that replaces a service which an application calls:

    @pytest.fixture
    def payments(app: Flask) -> Iterator[Service]:
        with faked(app, "payments") as service:
            yield service
"""

import json
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SHUT_RDWR, socket
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from flask import Flask


@dataclass(frozen=True)
class Reply:
    """The response to a request."""

    status: int = 200
    json: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    """The body as bytes, instead of `json`."""
    raw: bytes | None = None
    """Everything that goes over the connection, instead of an HTTP response."""
    hangs: bool = False
    """Send nothing as long as the service runs."""
    drips: bool = False
    """Send the body byte by byte, without an end."""


@dataclass(frozen=True)
class Received:
    """A request that the service received."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, parsed as JSON."""
        return json.loads(self.body)


@contextmanager
def faked(app: Flask, name: str) -> Iterator["Service"]:
    """Let an application call a fake service instead of `upstream.<name>`, in the `with` block."""
    clients = app.extensions["upstream"]
    original = clients[name]
    with Service() as service:
        clients[name] = original.at(service.url)
        try:
            yield service
        finally:
            clients[name] = original


class Service:
    """An HTTP server on 127.0.0.1 that runs as long as the `with` block."""

    def __init__(self, port: int = 0) -> None:
        """`port` 0 picks a free one."""
        self.requests: list[Received] = []
        self.connections = 0
        self._replies: dict[tuple[str, str], list[Reply]] = defaultdict(list)
        self._sockets: list[socket] = []
        self._end = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        """Start the server."""
        # The argument is how often, in seconds, the server checks whether to stop.
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the server at once, also in the middle of a response."""
        self.stop()

    def stop(self) -> None:
        """Stop the server and close all connections; does nothing if it has stopped already."""
        if self._end.is_set():
            return
        self._end.set()
        self._server.shutdown()
        self._server.server_close()
        for each in self._sockets:
            try:
                each.shutdown(SHUT_RDWR)
            except OSError:
                continue  # closed already

    def on(self, method: str, path: str, *replies: Reply) -> None:
        """Set the replies to a request: each one once, in order, and the last one from then on."""
        self._replies[method, path] = list(replies)

    def reply(self, request: Received) -> Reply:
        """Return the reply to a request: 404 unless `on` has set one."""
        replies = self._replies[request.method, request.path]
        if not replies:
            return Reply(404, {"message": "Not found."})
        return replies.pop(0) if len(replies) > 1 else replies[0]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self) -> None:
                service.connections += 1
                service._sockets.append(self.request)
                super().setup()

            def handle(self) -> None:
                try:
                    super().handle()
                except OSError:
                    self.close_connection = True  # the caller has gone

            def log_message(self, *_: object) -> None:
                pass

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                length = int(self.headers.get("Content-Length", 0))
                request = Received(
                    self.command,
                    parts.path,
                    dict(parse_qsl(parts.query, keep_blank_values=True)),
                    dict(self.headers),
                    self.rfile.read(length),
                )
                service.requests.append(request)
                self._answer(service.reply(request))

            do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815  (as the base class calls them)

            def _answer(self, reply: Reply) -> None:
                if reply.hangs:
                    service._end.wait()
                    return
                if reply.raw is not None:
                    self.wfile.write(reply.raw)
                    self.close_connection = True
                    return
                body = json.dumps(reply.json).encode() if reply.body is None else reply.body
                self.send_response(reply.status)
                headers = {"Content-Type": "application/json", "Content-Length": str(len(body))}
                for name, value in (headers | reply.headers).items():
                    self.send_header(name, value)
                self.end_headers()
                if reply.drips:
                    while not service._end.wait(0.02):
                        self.wfile.write(b" ")
                elif reply.status != 204:
                    self.wfile.write(body)

        return Handler
