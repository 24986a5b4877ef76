"""Real small HTTP servers that stand in for other services, well-behaved or not."""

import json
import threading
from collections import defaultdict
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SHUT_RDWR, socket
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Reply:
    """What a service answers to a request."""

    status: int = 200
    json: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    """In the place of `json`."""
    raw: bytes | None = None
    """In the place of everything, HTTP itself included."""
    hangs: bool = False
    """Not answered at all while the service lives."""
    drips: bool = False
    """The body comes byte by byte and never to its end."""


@dataclass(frozen=True)
class Received:
    """A request that reached a service."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)


class Service:
    """A server on 127.0.0.1 that lives as long as the `with` block."""

    def __init__(self, port: int = 0) -> None:
        """`port` 0 takes a free one."""
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
        """Serve."""
        # The interval is that of the look whether to stop.
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop at once, in the middle of whatever is answered."""
        self.stop()

    def stop(self) -> None:
        """Stop, closing all connections; harmless where it has stopped."""
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
        """Say what is answered: each reply once, the last one from then on."""
        self._replies[method, path] = list(replies)

    def reply(self, request: Received) -> Reply:
        """Return what a request is answered."""
        replies = self._replies[request.method, request.path]
        if not replies:
            return Reply(404, {"message": "There is no such thing."})
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

            do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815  (as the base class calls them)

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
