"""Test `smoke` on a local server."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from flask_chassis_tools.pipeline import smoke

from ..conftest import Run

Answers = dict[str, list[int]]
"""The statuses that a path returns, one after the other; the last one is repeated."""


@pytest.fixture
def answers() -> Answers:
    """The statuses of each path of the server."""
    return {"/": [200], "/api/": [200]}


@pytest.fixture
def url(answers: Answers, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of the server."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            statuses = answers.get(self.path, [404])
            self.send_response(statuses.pop(0) if len(statuses) > 1 else statuses[0])
            self.end_headers()
            self.wfile.write(b'{"commit": "0123abc", "version": "v1.0.0"}')

        def log_message(self, format: str, *args: object) -> None:
            """Log nothing."""

    monkeypatch.setattr(smoke, "PAUSE_SECONDS", 0.05)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_a_service_that_responds_passes(run: Run, url: str) -> None:
    done = run("smoke", f"--url={url}/", "--paths=/,/api/")
    assert done.code == 0, done.error
    assert done.out == f"{url} responds.\n"


def test_a_service_is_retried_until_it_responds(run: Run, url: str, answers: Answers) -> None:
    answers["/api/"] = [503, 404, 200]
    assert run("smoke", f"--url={url}", "--paths=/api/").code == 0


@pytest.mark.parametrize("status", [204, 404, 500, 503])
def test_a_wrong_status_fails(run: Run, url: str, answers: Answers, status: int) -> None:
    answers["/api/"] = [status]
    failed = run("smoke", f"--url={url}", "--paths=/,/api/", "--timeout=0")
    assert failed.code == 1
    assert failed.error.startswith(f"{url}/api/: ")


def test_a_service_that_does_not_exist_fails(run: Run, url: str) -> None:
    failed = run("smoke", "--url=http://127.0.0.1:1", "--timeout=0")
    assert failed.code == 1
    assert "Connection refused" in failed.error


@pytest.mark.parametrize("path", smoke.INTERNAL)
def test_internal_paths_must_not_be_public(run: Run, url: str, answers: Answers, path: str) -> None:
    answers[path] = [200]
    failed = run("smoke", f"--url={url}")
    assert failed.code == 1
    assert failed.error.startswith(f"{url}: {path} is public.")
    assert run("smoke", f"--url={url}", "--inside").code == 0


def test_the_running_version_must_be_the_deployed_one(run: Run, url: str, answers: Answers) -> None:
    answers["/admin/version/"] = [200]
    assert run("smoke", f"--url={url}", "--inside", "--version=v1.0.0").code == 0
    failed = run("smoke", f"--url={url}", "--inside", "--version=v1.0.1")
    assert failed.error == f"{url} runs v1.0.0; expected v1.0.1.\n"


@pytest.mark.parametrize(
    "words", [["--url=service.example.com"], ["--url=http://127.0.0.1:1", "--version=v1.0.0"]]
)
def test_invalid_options_are_refused(run: Run, words: list[str]) -> None:
    assert run("smoke", *words).code == 2
