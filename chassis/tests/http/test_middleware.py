"""One WSGI middleware stands around Flask."""

from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from flask import Flask
from werkzeug.test import create_environ

from flask_chassis.http import request_id
from flask_chassis.http.middleware import Middleware
from flask_chassis.settings import Settings

from ..conftest import Logged, Make


class Response:
    """What a server is given by `start_response`."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.headers: list[tuple[str, str]] = []

    def start(
        self, line: str, headers: list[tuple[str, str]], *exc_info: Any
    ) -> Callable[[bytes], object]:
        """Remember the status and the headers."""
        self.lines.append(line)
        self.headers += headers
        return lambda data: None


def test_it_stands_outside_every_other_middleware(service: Flask, probed: Flask) -> None:
    assert isinstance(service.wsgi_app, Middleware)
    assert isinstance(probed.wsgi_app, Middleware)


@pytest.mark.parametrize("more", [{}, {"REQUEST_METHOD": "GET"}], ids=["TLS", "HTTP/0.9"])
def test_what_uwsgi_cannot_parse_is_400_and_logged(
    probed: Flask, logged: Logged, more: dict[str, str]
) -> None:
    """It lacks most of the variables that WSGI requires."""
    names = {"wsgi.url_scheme", "wsgi.input", "wsgi.errors", "SERVER_NAME", "SERVER_PORT"}
    environ = {name: value for name, value in create_environ().items() if name in names} | more
    response = Response()
    body = probed.wsgi_app(environ, response.start)
    assert b"not a valid HTTP request" in b"".join(body)
    assert response.lines == ["400 BAD REQUEST"]
    assert request_id.HEADER in dict(response.headers)
    [record] = logged()
    assert (record["route"], record["path"], record["status"]) == ("unmatched", "", 400)


def test_the_duration_is_in_milliseconds(make: Make, logged: Logged) -> None:
    client = make().test_client()
    logged()
    client.get("/probes/wait/")
    [record] = logged()
    assert 50 <= record["duration_ms"] < 1000


def test_an_exception_of_the_application_leaves_no_request_id_behind(settings: Settings) -> None:
    def fail(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Middleware(fail, settings)(create_environ(), Response().start)
    assert request_id.current() is None


def test_an_exception_of_the_application_is_logged_as_500(make: Make, logged: Logged) -> None:
    """The application is configured, and fails before it starts a response."""
    app = make()

    def fail(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        raise RuntimeError

    app.wsgi_app.wsgi_app = fail  # type: ignore[attr-defined]
    logged()
    with pytest.raises(RuntimeError):
        app.wsgi_app(create_environ("/nowhere/"), Response().start)
    [record] = logged()
    assert (record["logger"], record["status"], record["route"]) == ("access", 500, "unmatched")


def test_a_response_to_a_request_without_a_body_is_not_wrapped(settings: Settings) -> None:
    """The server could not send a file by itself."""
    returned = [b"x"]

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        return returned

    middleware = Middleware(answer, settings)
    assert middleware(create_environ(), Response().start) is returned
    with_body = create_environ(method="POST", data=b"x")
    assert middleware(with_body, Response().start) is not returned
