"""`smoke`, against a server of its own."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from {{ cookiecutter.package_name }}.tasks import smoke

from .conftest import Run

Answers = dict[str, list[int]]
"""The statuses that a path answers with, one after the other; the last one stays."""


@pytest.fixture
def answers() -> Answers:
    """What the server has, and with what status."""
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
            """Say nothing."""

    monkeypatch.setattr(smoke, "PAUSE_SECONDS", 0.05)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_a_service_that_answers_passes(run: Run, url: str) -> None:
    done = run("smoke", f"--url={url}/", "--paths=/,/api/")
    assert done.code == 0, done.error
    assert done.out == f"{url} answers.\n"


def test_it_is_given_time(run: Run, url: str, answers: Answers) -> None:
    answers["/api/"] = [503, 404, 200]
    assert run("smoke", f"--url={url}", "--paths=/api/").code == 0


@pytest.mark.parametrize("status", [204, 404, 500, 503])
def test_one_that_does_not_answer_as_it_should_fails(
    run: Run, url: str, answers: Answers, status: int
) -> None:
    answers["/api/"] = [status]
    failed = run("smoke", f"--url={url}", "--paths=/,/api/", "--timeout=0")
    assert failed.code == 1
    assert failed.error.startswith(f"{url}/api/: ")


def test_one_that_is_not_there_fails(run: Run, url: str) -> None:
    failed = run("smoke", "--url=http://127.0.0.1:1", "--timeout=0")
    assert failed.code == 1
    assert "Connection refused" in failed.error


@pytest.mark.parametrize("path", smoke.INTERNAL)
def test_what_is_internal_may_not_be_seen(run: Run, url: str, answers: Answers, path: str) -> None:
    answers[path] = [200]
    failed = run("smoke", f"--url={url}")
    assert failed.code == 1
    assert failed.error.startswith(f"{url}: everybody can see {path}.")
    assert run("smoke", f"--url={url}", "--inside").code == 0


def test_the_version_has_to_be_the_one_that_was_deployed(
    run: Run, url: str, answers: Answers
) -> None:
    answers["/admin/version/"] = [200]
    assert run("smoke", f"--url={url}", "--inside", "--version=v1.0.0").code == 0
    failed = run("smoke", f"--url={url}", "--inside", "--version=v1.0.1")
    assert failed.error == f"{url} is v1.0.0, and not v1.0.1.\n"


@pytest.mark.parametrize(
    "words", [["--url=service.example.com"], ["--url=http://127.0.0.1:1", "--version=v1.0.0"]]
)
def test_what_cannot_be_asked_is_refused(run: Run, words: list[str]) -> None:
    assert run("smoke", *words).code == 2
