"""Request bodies that uWSGI leaves to the application are read."""

import io
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from flask.testing import FlaskClient

from flask_chassis.http.request_body import MAX_DRAINED_BYTES, Drained
from flask_chassis.settings import Settings

from ..conftest import Make

READ = "/probes/echo/"
CHUNKED = {"Transfer-Encoding": "chunked", "Content-Type": "application/json"}


@pytest.fixture
def behind_uwsgi(uwsgi: SimpleNamespace, make: Make) -> FlaskClient:
    """A client of the probes as uWSGI serves them."""
    return make().test_client()


def chunks(*pieces: bytes) -> Callable[[], bytes]:
    """Return a function that returns the pieces, one at a time, and then nothing."""
    left = [*pieces]
    return lambda: left.pop(0) if left else b""


@pytest.mark.parametrize(
    "pieces",
    [[b'{"text": "abc"}'], [b'{"te', b'xt": "a', b'bc"}'], [b'{"text": "abc"}', b" " * 99_999]],
)
def test_a_chunked_body_is_read(
    behind_uwsgi: FlaskClient, uwsgi: SimpleNamespace, pieces: list[bytes]
) -> None:
    uwsgi.chunked_read = chunks(*pieces)
    assert behind_uwsgi.post(READ, headers=CHUNKED).json == {"text": "abc"}


def test_a_chunked_body_that_is_too_large_is_413(
    behind_uwsgi: FlaskClient, uwsgi: SimpleNamespace, settings: Settings
) -> None:
    uwsgi.chunked_read = chunks(*[b"x" * 60_000] * (settings["http.max_body_bytes"] // 60_000 + 1))
    response = behind_uwsgi.post(READ, headers=CHUNKED)
    assert response.status_code == 413
    assert response.json["message"] == "The body may have at most 1048576 bytes."


def test_a_client_that_disconnects_is_not_an_error_of_the_service(
    behind_uwsgi: FlaskClient, uwsgi: SimpleNamespace
) -> None:
    def disconnected() -> bytes:
        raise OSError("disconnected")

    uwsgi.chunked_read = disconnected
    response = behind_uwsgi.post(READ, headers=CHUNKED)
    assert response.status_code == 400
    assert response.json["message"] == "The chunked body is malformed, or has no end."


@pytest.mark.parametrize("place", ["refuse/?status=401", "free/"])
def test_a_body_that_nobody_reads_is_drained(behind_uwsgi: FlaskClient, place: str) -> None:
    """Or the client, still sending, would find a reset connection instead of its response."""
    body = io.BytesIO(b"x" * 300_000)
    with behind_uwsgi.post(f"/probes/{place}", input_stream=body, content_length=300_000):
        pass
    assert body.read() == b""


def test_draining_has_a_limit_and_comes_after_the_response() -> None:
    class Endless(io.RawIOBase):
        count = 0

        def read(self, size: int = -1) -> bytes:
            self.count += size
            return b"x" * size

    body = Endless()
    response = Drained([b"one", b"two"], body)
    assert b"".join(response) == b"onetwo"
    assert body.count == 0
    response.close()
    assert body.count == MAX_DRAINED_BYTES
