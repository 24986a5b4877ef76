"""Tests of the session cookie and of CSRF protection."""

import base64
import zlib
from http.cookies import SimpleCookie

import pytest
from flask.testing import FlaskClient
from flask_chassis.auth.access import public
from flask_chassis.exceptions import ConfigurationError
from flask_chassis.testing.upstream import Service
from werkzeug.test import TestResponse

from .conftest import ALL, MINE, NEW, TOKEN, Make, csrf_token, field, sign_in, write

OLD_KEY, NEW_KEY, OTHER = "o" * 32, "n" * 32, "x" * 32
PRODUCTION = "production.kubernetes"


@pytest.fixture(autouse=True)
def _versioned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VERSION_NAME", "v1.0")
    monkeypatch.setenv("VERSION_SHA", "2257f9c")


def cookie_of(response: TestResponse) -> SimpleCookie:
    """Return the cookie that a response sets."""
    return SimpleCookie(response.headers["Set-Cookie"])


def test_session_cookie_is_httponly_and_samesite(client: FlaskClient) -> None:
    cookie = cookie_of(sign_in(client))["session"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/"
    assert not cookie["domain"]
    assert not cookie["max-age"]
    assert not cookie["secure"]


def test_session_cookie_is_secure_outside_development(make: Make) -> None:
    client = make(PRODUCTION).test_client()
    response = client.get("/login/", base_url="https://frontend.example/")
    cookie = cookie_of(response)["__Host-session"]
    assert cookie["secure"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert response.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_token_is_encrypted_in_the_cookie(client: FlaskClient) -> None:
    """Anyone can read a signed value: the name may be readable, the token must not."""
    value = cookie_of(sign_in(client))["session"].value
    payload = value.removeprefix(".").partition(".")[0]
    content = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    content = zlib.decompress(content) if value.startswith(".") else content
    assert b"ada" in content
    assert TOKEN.encode() not in content
    assert b"eyJ" not in content


def test_cookie_of_another_secret_is_ignored(make: Make) -> None:
    client = make(session__secret_key=OLD_KEY).test_client()
    sign_in(client)
    stranger = make(session__secret_key=OTHER).test_client()
    stranger.set_cookie("session", cookie_value(client))
    assert stranger.get(MINE).status_code == 303


def test_secret_rotation_keeps_sessions(make: Make) -> None:
    client = make(session__secret_key=OLD_KEY).test_client()
    sign_in(client)
    rotated = make(session__secret_key=NEW_KEY, session__previous_secret_keys=f"{OTHER} {OLD_KEY}")
    later = rotated.test_client()
    later.set_cookie("session", cookie_value(client))
    assert later.get(MINE).status_code == 200
    retired = make(session__secret_key=NEW_KEY).test_client()
    retired.set_cookie("session", cookie_value(client))
    assert retired.get(MINE).status_code == 303


def test_session_with_undecryptable_token_is_ignored(client: FlaskClient) -> None:
    with client.session_transaction() as session:
        session["username"], session["token"] = "ada", "gAAAAA"
    assert client.get(MINE).status_code == 303
    assert "Sign out" not in client.get("/").text


@pytest.mark.parametrize("garbage", ["", "x", ".e30", "a.b.c", "ü", "x" * 3000])
def test_invalid_cookie_signs_nobody_in(client: FlaskClient, garbage: str) -> None:
    client.set_cookie("session", garbage)
    assert client.get("/login/").status_code == 200
    assert client.get(MINE).status_code == 303


def test_login_clears_the_earlier_session(client: FlaskClient) -> None:
    with client.session_transaction() as session:
        session["planted"] = "by another"
    sign_in(client)
    with client.session_transaction() as session:
        assert "planted" not in session


@pytest.mark.parametrize(
    ("secret", "previous"),
    [("", ""), ("short", ""), (NEW_KEY, "short"), (NEW_KEY, f"{OLD_KEY} short")],
)
def test_short_secret_prevents_the_start(make: Make, secret: str, previous: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^session\.secret_key, and each .* needs 32"):
        make(session__secret_key=secret, session__previous_secret_keys=previous)


# CSRF protection.


@pytest.mark.parametrize("path", ["/login/", "/logout/", NEW, f"{MINE}1/edit"])
@pytest.mark.parametrize("token", [None, "", "forged", "stolen"])
def test_post_without_valid_csrf_token_returns_400(
    client: FlaskClient, make: Make, kept: Service, users: Service, path: str, token: str | None
) -> None:
    sign_in(client)
    for service in (kept, users):
        service.requests.clear()
    if token == "stolen":
        token = csrf_token(make().test_client())
    form = {"username": "eve", "password": "x", "text": "Mine"}
    response = client.post(path, data=form if token is None else form | {"csrf_token": token})
    assert response.status_code == 400
    assert kept.requests == users.requests == []
    if path.startswith(MINE):
        assert field(response, "text") == "Mine"
        assert "open for too long" in response.text


def test_delete_without_valid_csrf_token_returns_400(client: FlaskClient, kept: Service) -> None:
    sign_in(client)
    response = client.post(f"{MINE}1/delete", data={"csrf_token": "forged"})
    assert response.status_code == 400
    assert "open for too long" in response.text
    assert [(each.method, each.path) for each in kept.requests] == [("GET", f"{ALL}1/")]


def test_new_form_works_after_a_csrf_error(client: FlaskClient) -> None:
    sign_in(client)
    client.post(NEW, data={"text": "Mine", "csrf_token": "old"})
    assert write(client, "Mine").status_code == 303


def cookie_value(client: FlaskClient) -> str:
    """Return the session cookie of a client."""
    cookie = client.get_cookie("session")
    assert cookie is not None
    return cookie.value


def test_added_route_has_csrf_protection(make: Make) -> None:
    app = make()
    app.add_url_rule("/later", "later", public(lambda: "done"), methods=["POST"])
    response = app.test_client().post("/later", data={"text": "Mine"})
    assert response.status_code == 400
    assert "This request cannot be understood" in response.text
