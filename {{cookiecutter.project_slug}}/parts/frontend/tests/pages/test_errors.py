"""Tests of error pages and of JSON errors."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_chassis.auth.access import public
from flask_chassis.testing.upstream import Reply, Service

from .conftest import ALL, MINE, OWN, Make, item, sign_in, write

LISTS = ["/", MINE, "/search?search=x"]
UNAVAILABLE = [Reply(502), Reply(503), Reply(504), Reply(raw=b"")]
UNUSABLE = [
    Reply(500),
    Reply(404),
    Reply(body=b"<html>"),
    Reply(json={"no": "list"}),
    Reply(json=[{}]),
    Reply(json=[1]),
    Reply(json=[item(timestamp="yesterday")]),
    Reply(json=[item(text=None)]),
    Reply(json=[], headers={"X-Total-Count": "many"}),
    Reply(json=[], headers={"Link": "</x>; rel=next"}),
    Reply(302, headers={"Location": "https://evil.example"}),
    Reply(raw=b"garbage\r\n\r\n"),
]


def all_lists(kept: Service, reply: Reply) -> None:
    """Make the service return one response for all lists."""
    for path in (ALL, OWN):
        kept.on("GET", path, reply)


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("reply", UNAVAILABLE, ids=lambda reply: str(reply.status))
def test_unavailable_service_returns_503(
    client: FlaskClient, kept: Service, path: str, reply: Reply
) -> None:
    sign_in(client)
    all_lists(kept, reply)
    response = client.get(path)
    assert response.status_code == 503
    assert response.headers["Retry-After"]
    assert "Not available at the moment" in response.text
    assert f'href="{path}">Try again</a>' in response.text
    assert "password" not in response.text
    assert response.headers["X-Request-ID"] in response.text
    assert "Sign out" in response.text


@pytest.mark.parametrize("path", LISTS)
def test_hanging_service_returns_503(impatient: FlaskClient, kept: Service, path: str) -> None:
    sign_in(impatient)
    all_lists(kept, Reply(hangs=True))
    response = impatient.get(path)
    assert response.status_code == 503
    assert "Not available at the moment" in response.text


def test_pages_work_after_the_service_restarts(client: FlaskClient, kept: Service) -> None:
    sign_in(client)
    kept.stop()
    assert client.get(MINE).status_code == 503
    with Service(kept.port) as again:
        again.on("GET", OWN, Reply(json=[]))
        assert client.get(MINE).status_code == 200


@pytest.mark.parametrize("reply", UNAVAILABLE, ids=lambda reply: str(reply.status))
def test_unavailable_issuer_returns_503_at_login(
    client: FlaskClient, users: Service, reply: Reply
) -> None:
    users.on("POST", "/api/login/", reply)
    response = sign_in(client)
    assert response.status_code == 503
    assert "Nobody can be signed in just now." in response.text
    assert "belong together" not in response.text


def test_hanging_issuer_returns_503_at_login(impatient: FlaskClient, users: Service) -> None:
    users.on("POST", "/api/login/", Reply(hangs=True))
    assert sign_in(impatient).status_code == 503


def test_reading_works_without_the_issuer(client: FlaskClient, users: Service) -> None:
    users.stop()
    assert client.get("/").status_code == 200


@pytest.mark.parametrize("reply", UNUSABLE, ids=lambda reply: str(reply.json or reply.status))
def test_unusable_response_returns_502(client: FlaskClient, kept: Service, reply: Reply) -> None:
    kept.on("GET", ALL, reply)
    response = client.get("/")
    assert response.status_code == (404 if reply.status == 404 else 502)
    assert response.mimetype == "text/html"
    for internal in ("127.0.0.1", "Traceback", "evil.example"):
        assert internal not in response.text


@pytest.mark.parametrize(
    "other",
    [
        {"text": "half a character: \ud800"},
        {"username": "\udfff"},
        {"timestamp": "0001-01-01T00:00:00+14:00"},
        {"timestamp": "9999-12-31T23:59:59-14:00"},
        {"timestamp": "10000-01-01T00:00:00+00:00"},
        {"timestamp": "2026-11-07T14:03:05"},
        {"timestamp": 1e300},
    ],
    ids=str,
)
def test_invalid_item_returns_502(
    client: FlaskClient, kept: Service, other: dict[str, str]
) -> None:
    kept.on("GET", ALL, Reply(json=[item(**other)]))
    assert client.get("/").status_code == 502


@pytest.mark.parametrize("path", ["/", "/search?search=x"])
@pytest.mark.parametrize("status", [400, 403, 409, 422, 429])
def test_client_error_of_the_service_hides_its_message(
    client: FlaskClient, kept: Service, status: int, path: str
) -> None:
    kept.on("GET", ALL, Reply(status, {"message": "internal words"}))
    response = client.get(path)
    assert response.status_code == status
    assert "internal words" not in response.text


def test_405_of_the_service_returns_502(client: FlaskClient, kept: Service) -> None:
    kept.on("GET", ALL, Reply(405))
    assert client.get("/").status_code == 502


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/static/nothing.css", 404),
        ("GET", "/static/../site.py", 404),
        ("DELETE", "/login/", 405),
        ("GET", "/%ff", 404),
        ("GET", "/?search=%ff", 200),
    ],
)
def test_errors_are_html_pages(client: FlaskClient, method: str, path: str, status: int) -> None:
    response = client.open(path, method=method)
    assert response.status_code == status
    assert response.mimetype == "text/html"
    assert "<h1>" in response.text


def test_too_large_body_returns_413(client: FlaskClient) -> None:
    sign_in(client)
    response = write(client, "x" * 1_100_000)
    assert response.status_code == 413
    assert response.mimetype == "text/html"
    assert "too much at once" in response.text


def test_too_long_url_returns_414(client: FlaskClient) -> None:
    response = client.get("/search", environ_overrides={"REQUEST_URI": "/" + "x" * 9000})
    assert (response.status_code, response.mimetype) == (414, "text/html")


@pytest.fixture
def failing(make: Make) -> Flask:
    """An application with views that raise an unexpected error."""
    app = make()
    for path in ("/fail", "/admin/fail"):
        app.add_url_rule(path, path, public(lambda: 1 / 0))  # type: ignore[arg-type]
    return app


def test_unexpected_error_hides_its_details(failing: Flask) -> None:
    response = failing.test_client().get("/fail")
    assert (response.status_code, response.mimetype) == (500, "text/html")
    assert "This is our fault" in response.text
    assert "ZeroDivisionError" not in response.text
    assert response.headers["X-Request-ID"] in response.text


def test_broken_error_page_falls_back_to_json(failing: Flask) -> None:
    failing.extensions["error_template"] = "missing.html"
    response = failing.test_client().get("/fail")
    assert (response.status_code, response.json) == (500, {"message": "Internal server error."})


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/health/live", 200),
        ("/health/ready", 200),
        ("/health/nowhere", 404),
        ("/admin/version/", 200),
        ("/admin/nowhere", 404),
        ("/admin/fail", 500),
    ],
)
def test_health_and_admin_routes_return_json(failing: Flask, path: str, status: int) -> None:
    response = failing.test_client().get(path)
    assert (response.status_code, response.mimetype) == (status, "application/json")


def test_request_id_is_sent_to_the_service(client: FlaskClient, kept: Service) -> None:
    response = client.get("/", headers={"X-Request-ID": "click-17"})
    assert response.headers["X-Request-ID"] == "click-17"
    assert kept.requests[0].headers["X-Request-ID"] == "click-17"


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "gopher"},
        {"X-Request-ID": "<script>"},
        {"Cookie": "session=" + "x" * 3000},
        {"Accept-Language": "\xff" * 100, "Referer": "javascript:alert(1)"},
    ],
    ids=str,
)
def test_hostile_headers_have_no_effect(client: FlaskClient, headers: dict[str, str]) -> None:
    response = client.get(MINE, headers=headers)
    assert (response.status_code, response.location) == (303, f"/login/?next={MINE}")
    page = client.get("/nowhere", headers=headers).text
    assert "evil.example" not in page
    assert "<script>" not in page
