"""What uWSGI's HTTP socket leaves undone is done before Flask sees a request."""

import io
import socket
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from {{ cookiecutter.package_name }}.chassis import transport
from {{ cookiecutter.package_name }}.chassis.settings import Settings

from .conftest import Make

READ = "/probes/echo/"


@pytest.fixture
def behind_uwsgi(uwsgi: SimpleNamespace, make: Make) -> FlaskClient:
    """A client of the probes as uWSGI serves them."""
    return make().test_client()


def chunks(*pieces: bytes) -> Callable[[], bytes]:
    """Return what reads the pieces, and then nothing any more."""
    left = [*pieces]
    return lambda: left.pop(0) if left else b""


@pytest.mark.parametrize(
    "pieces",
    [[b'{"text": "abc"}'], [b'{"te', b'xt": "a', b'bc"}'], [b'{"text": "abc"}', b" " * 99_999]],
)
def test_a_body_in_chunks_is_read(
    behind_uwsgi: FlaskClient, uwsgi: SimpleNamespace, pieces: list[bytes]
) -> None:
    uwsgi.chunked_read = chunks(*pieces)
    headers = {"Transfer-Encoding": "chunked", "Content-Type": "application/json"}
    response = behind_uwsgi.post(READ, headers=headers)
    assert response.json == {"text": "abc"}


def test_a_body_in_chunks_can_be_too_large_too(
    behind_uwsgi: FlaskClient, uwsgi: SimpleNamespace, settings: Settings
) -> None:
    uwsgi.chunked_read = chunks(*[b"x" * 60_000] * (settings["http.max_body_bytes"] // 60_000 + 1))
    headers = {"Transfer-Encoding": "chunked", "Content-Type": "application/json"}
    assert behind_uwsgi.post(READ, headers=headers).status_code == 413


def test_a_client_that_goes_away_is_no_error_of_the_service(
    behind_uwsgi: FlaskClient, uwsgi: SimpleNamespace
) -> None:
    def gone() -> bytes:
        raise OSError("gone")

    uwsgi.chunked_read = gone
    headers = {"Transfer-Encoding": "chunked", "Content-Type": "application/json"}
    assert behind_uwsgi.post(READ, headers=headers).status_code == 400


@pytest.mark.parametrize(
    "environ",
    [
        {"CONTENT_LENGTH": "abc"},
        {"CONTENT_LENGTH": "-1"},
        {"CONTENT_LENGTH": "1_0"},
        {"CONTENT_LENGTH": "²"},
        {"CONTENT_LENGTH": "3", "HTTP_TRANSFER_ENCODING": "chunked"},
        {"CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "gzip, chunked"},
        {"CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "identity"},
        {"PATH_INFO": "*"},
        {"PATH_INFO": "http://elsewhere/"},
        {"PATH_INFO": ""},
    ],
    ids=str,
)
def test_what_is_no_http_is_400(behind_uwsgi: FlaskClient, environ: dict[str, str]) -> None:
    response = behind_uwsgi.get("/probes/free/", environ_overrides=environ)
    assert response.status_code == 400
    assert response.json["message"]


def test_a_client_that_asks_first_is_told_to_send(
    behind_uwsgi: FlaskClient, uwsgi: SimpleNamespace
) -> None:
    here, there = socket.socketpair()
    uwsgi.connection_fd = here.fileno
    headers = {"Expect": "100-continue"}
    with here, there:
        response = behind_uwsgi.post(READ, json={"text": "abc"}, headers=headers)
        assert response.json == {"text": "abc"}
        assert there.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"


def test_a_body_that_nobody_wants_is_read_all_the_same(behind_uwsgi: FlaskClient) -> None:
    """Or the client, still sending, would find a reset connection instead of its answer."""
    body = io.BytesIO(b"x" * 300_000)
    path = "/probes/refuse/?status=401"
    with behind_uwsgi.post(path, input_stream=body, content_length=300_000) as response:
        assert response.status_code == 401
    assert body.read() == b""


def test_other_servers_know_their_http(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "uwsgi", raising=False)
    app: Any = Flask("probe", static_folder=None)
    before = app.wsgi_app
    transport.init_app(app, settings)
    assert app.wsgi_app == before
