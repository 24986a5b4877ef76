"""The client's address behind proxies: what the trusted ones say, and nobody else."""

import pytest
from flask import Flask, request

from flask_chassis.http import proxies
from flask_chassis.settings import Settings


@pytest.mark.parametrize(
    ("trusted", "header", "address"),
    [
        (0, None, "192.0.2.1"),
        (0, "203.0.113.1", "192.0.2.1"),
        (1, None, "192.0.2.1"),
        (1, "203.0.113.1", "203.0.113.1"),
        (1, "198.51.100.9, 203.0.113.1", "203.0.113.1"),
        (2, "198.51.100.9, 203.0.113.1, 203.0.113.2", "203.0.113.1"),
        (2, "203.0.113.1", "192.0.2.1"),
    ],
)
def test_only_what_trusted_proxies_add_is_believed(
    trusted: int, header: str | None, address: str
) -> None:
    app = Flask("probe", static_folder=None)
    app.add_url_rule("/", view_func=lambda: f"{request.remote_addr} {request.host_url}")
    proxies.init_app(app, Settings("tests.local", {"http.trusted_proxies": trusted}))
    headers = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
    if header is not None:
        headers["X-Forwarded-For"] = header
    environ = {"REMOTE_ADDR": "192.0.2.1"}
    response = app.test_client().get("/", headers=headers, environ_overrides=environ)
    assert response.text == f"{address} http://localhost/"
