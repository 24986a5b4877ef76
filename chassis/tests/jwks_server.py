"""A real issuer's JWKS on 127.0.0.1, which counts who asks, and can be slow, broken or down."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from flask_chassis.auth import jwks
from flask_chassis.auth.jwks import Keys
from flask_chassis.auth.public_keys import PublicKeys

PATH = "/.well-known/jwks.json"


class JwksServer:
    """Serves what `body` returns, for as long as the `with` block lasts.

    Tests change `body`, `status`, `headers`; clear `open` to have requests wait; call `stop`.
    """

    def __init__(self, body: Callable[[], bytes] = lambda: b"") -> None:
        self.body = body
        self.status = 200
        self.headers: dict[str, str] = {}
        self.drip = 0.0
        self.asked = 0
        self.open = threading.Event()
        self.open.set()
        self.ended = threading.Event()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}{PATH}"
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        """Serve."""
        self._thread = threading.Thread(target=self._server.serve_forever, args=[0.01], daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop, letting go whoever waits."""
        self.open.set()
        self.stop()

    def stop(self) -> None:
        """Be down from now on: connections are refused."""
        self.ended.set()
        if self._thread:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
            self._thread = None

    def publish(self, keys: Keys, *others: Any) -> None:
        """Serve the document of these keys, and other entries as they are."""
        published = jwks.document(keys)
        published["keys"].extend(others)
        self.body = json.dumps(published).encode

    def publish_folder(self, folder: Path) -> None:
        """Serve a folder of public keys as an issuer does, as it is at each request."""
        keys = PublicKeys(folder)
        self.body = lambda: json.dumps(jwks.document(keys.all())).encode()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.count()
                server.open.wait(60)
                body = server.body()
                self.send_response(server.status)
                for name, value in {"Content-Length": str(len(body)), **server.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                pieces = [bytes([byte]) for byte in body] if server.drip else [body]
                try:
                    for piece in pieces:
                        self.wfile.write(piece)
                        if server.ended.wait(server.drip):
                            return
                except OSError:
                    pass  # the other side has had enough

            def log_message(self, format: str, *args: object) -> None:
                """Log nothing."""

        return Handler

    def count(self) -> None:
        """Count a request."""
        with self._lock:
            self.asked += 1
