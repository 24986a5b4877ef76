"""A service that a page is made of: it gives one answer to all, at once or after some time.

`python -m benchmarks.canned_upstream PORT SECONDS`: the answer, with its headers, comes from stdin.
It costs next to nothing, so that pages are not as slow as what is behind them.
"""

import asyncio
import sys

END = b"\r\n\r\n"


class Connection(asyncio.Protocol):
    """Answers one request without a body after the other."""

    def __init__(self, answer: bytes, seconds: float) -> None:
        self._answer = answer
        self._seconds = seconds
        self._received = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where the answers go."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - for the type
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each request that has come to its end."""
        self._received += data
        while END in self._received:
            _, _, self._received = self._received.partition(END)
            if self._seconds:
                asyncio.get_running_loop().call_later(self._seconds, self._send)
            else:
                self._send()

    def _send(self) -> None:
        if not self._transport.is_closing():
            self._transport.write(self._answer)


async def serve(port: int, answer: bytes, seconds: float) -> None:
    """Serve until this is ended."""
    loop = asyncio.get_running_loop()
    made = await loop.create_server(
        lambda: Connection(answer, seconds), "127.0.0.1", port, backlog=512
    )
    await made.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), sys.stdin.buffer.read(), float(sys.argv[2])))
