"""`python -m flask_chassis.serving.probe`, as a container's health check runs it."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from flask_chassis import project
from flask_chassis.serving import probe
from flask_chassis.testing import free_port


class Answers(BaseHTTPRequestHandler):
    """Answers 200 to one path, and 503 to all others."""

    def do_GET(self) -> None:
        """Answer."""
        self.send_response(200 if self.path == "/health/live" else 503)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """The port of a service that lives, and is not ready."""
    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.05])
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "flask_chassis.serving.probe", *arguments],
        capture_output=True,
        text=True,
        timeout=30,
    )


def test_a_good_answer_is_exit_code_0(port: int) -> None:
    assert run("/health/live", str(port)).returncode == 0
    assert probe.error_at("/health/live", port) is None


def test_another_answer_is_told(port: int) -> None:
    done = run("/health/ready", str(port))
    assert done.returncode == 1
    assert done.stderr == "503 {}\n"


def test_no_answer_is_told() -> None:
    nobody = free_port()
    assert f"127.0.0.1:{nobody} does not respond" in str(probe.error_at("/health/live", nobody))


def test_the_port_is_the_one_that_uwsgi_listens_on() -> None:
    assert f"port={probe.port()}\n" in project.find("infra/uwsgi.yaml").read_text()
