"""A real server on 127.0.0.1 that sends its response byte by byte."""

import socket
import ssl
import threading
from types import TracebackType
from typing import Self

PAUSE_SECONDS = 0.02


class TricklingServer:
    """Sends a part of its response at once and the rest byte by byte, for as long as anyone reads.

    `ended` says how many clients have gone.
    """

    def __init__(self, at_once: bytes, byte_by_byte: bytes, tls: ssl.SSLContext | None) -> None:
        self._at_once = at_once
        self._byte_by_byte = byte_by_byte
        self._tls = tls
        self._stop = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}"
        self.asked = 0
        self.ended = threading.Semaphore(0)

    def __enter__(self) -> Self:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=[connection], daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        try:
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            with connection:
                connection.recv(65536)
                self.asked += 1
                connection.sendall(self._at_once)
                for byte in self._byte_by_byte:
                    connection.sendall(bytes([byte]))
                    if self._stop.wait(PAUSE_SECONDS):
                        return
        except OSError:
            pass  # the client has gone
        finally:
            self.ended.release()
