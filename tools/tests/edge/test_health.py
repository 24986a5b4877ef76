"""The watcher keeps the files by which nginx leaves instances out."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from flask_chassis_tools.edge.health import Watcher


class Instance(ThreadingHTTPServer):
    """An instance whose health the test decides on."""

    status = 200
    asked = ""


class Handler(BaseHTTPRequestHandler):
    """Answers with the status of the instance."""

    server: Instance

    def do_GET(self) -> None:
        """Answer."""
        self.server.asked = self.path
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Write nothing."""


@pytest.fixture
def instance() -> Iterator[Instance]:
    """An instance that runs."""
    with Instance(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.05])
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_an_instance_has_a_file_while_it_is_not_ready(
    instance: Instance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    address, gone = f"127.0.0.1:{instance.server_port}", "127.0.0.1:9"
    watcher = Watcher(tmp_path / "health", {"billing": [address, gone]})
    mine = f"billing@{address}.down"

    def look() -> tuple[list[str], set[str]]:
        with ThreadPoolExecutor() as side_by_side:
            changes = list(watcher.look(side_by_side))
        return changes, {path.name for path in (tmp_path / "health").iterdir()}

    left_out = {f"billing@{gone}.down"}
    assert look() == ([f"billing at {gone} is not ready"], left_out)
    assert instance.asked == "/health/ready"
    assert look() == ([], left_out)
    instance.status = 503
    assert look() == ([f"billing at {address} is not ready"], left_out | {mine})
    instance.status = 200
    assert look() == ([f"billing at {address} is ready"], left_out)
    # What a person does is theirs.
    (tmp_path / "health" / f"billing@{address}.out").touch()
    assert look() == ([], left_out | {f"billing@{address}.out"})
