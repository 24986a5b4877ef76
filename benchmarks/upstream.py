"""Records what a service answers, and runs canned_upstream.py, which gives it again."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import requests

from benchmarks.canned_upstream import END
from tasks.folders import ROOT
from tasks.ports import free_port, listens

OF_A_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "content-length"}
"""Headers that do not belong to the answer itself."""

EMPTY = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]"


@contextmanager
def answering(answer: bytes, seconds: float = 0) -> Iterator[str]:
    """Run it, and yield its address."""
    port = free_port()
    words = [sys.executable, "-m", "benchmarks.canned_upstream", str(port), str(seconds)]
    with subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE) as process:
        try:
            assert process.stdin is not None  # noqa: S101 - for the type
            process.stdin.write(answer)
            process.stdin.close()
            while not listens(port):
                if process.poll() is not None:
                    raise RuntimeError(f"the upstream ended with {process.returncode}")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


def recorded(address: str) -> bytes:
    """Return what a service answers, to give it again: status, headers and body."""
    got = requests.get(address, timeout=10)
    got.raise_for_status()
    headers = {
        name: text for name, text in got.headers.items() if name.lower() not in OF_A_CONNECTION
    }
    headers["Content-Length"] = str(len(got.content))
    head = [
        f"HTTP/1.1 {got.status_code} {got.reason}",
        *(f"{n}: {text}" for n, text in headers.items()),
    ]
    return "\r\n".join(head).encode("latin-1") + END + got.content
