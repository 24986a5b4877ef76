"""Tests of signing in and out."""

import pytest
from flask.testing import FlaskClient
from flask_chassis.testing.upstream import Reply, Service
from flask_chassis.web.sessions import LONGEST_TOKEN

from {{ cookiecutter.package_name }}.pages.login import SIGNED_OUT, SIGNED_OUT_HERE

from .conftest import (
    MINE,
    NEW,
    OWN,
    TOKEN,
    Make,
    csrf_token,
    field,
    hidden,
    item,
    sign_in,
    write,
)


def test_login_shows_the_username(client: FlaskClient, users: Service) -> None:
    response = sign_in(client)
    assert (response.status_code, response.location) == (303, "/")
    assert users.requests[0].json == {"username": "ada", "password": "correct horse"}
    assert ">Signed in as </span><bdi>ada</bdi><" in client.get("/").text
    assert client.get("/login/").location == "/"


@pytest.mark.parametrize(
    ("reply", "name"),
    [(Reply(json={"subject": "7", "username": "ada"}), "ada"), (Reply(503), "ADA")],
)
def test_login_shows_the_username_of_the_issuer(
    client: FlaskClient, users: Service, reply: Reply, name: str
) -> None:
    users.on("GET", "/api/me/", reply)
    sign_in(client, username="ADA")
    assert f">Signed in as </span><bdi>{name}</bdi><" in client.get("/").text


@pytest.mark.parametrize("path", [MINE, NEW, f"{MINE}?after=WzE3XQ.0a"])
def test_protected_page_redirects_to_login_and_back(client: FlaskClient, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 303
    login = client.get(response.location)
    assert "Please sign in first." in login.text
    wanted = hidden(login, "next")
    assert sign_in(client, next=wanted).location == path


# The chassis tests all other addresses: flask_chassis.web.safe_redirect.
@pytest.mark.parametrize("evil", ["https://evil.example/", "//evil.example/", "", "/login/"])
def test_login_does_not_redirect_to_other_sites(client: FlaskClient, evil: str) -> None:
    assert sign_in(client, next=evil).location == "/"
    assert client.get("/login/", query_string={"next": evil}).location == "/"


@pytest.mark.parametrize("path", ["/", "/search?search=a%26b", f"{MINE}?after=WzFd.0a", "/a//b"])
def test_login_redirects_to_pages_of_this_site(client: FlaskClient, path: str) -> None:
    assert sign_in(client, next=path).location == path


def test_wrong_password_returns_401_and_keeps_the_username(
    client: FlaskClient, users: Service
) -> None:
    users.on("POST", "/api/login/", Reply(401, {"message": "No."}))
    response = sign_in(client, username="a<b", password="hunter2", next=NEW)
    assert response.status_code == 401
    assert '<a href="#username">This username and password do not belong' in response.text
    assert 'value="a&lt;b"' in response.text
    assert hidden(response, "next") == NEW
    assert "hunter2" not in response.text
    assert "Sign out" not in client.get("/").text


@pytest.mark.parametrize("missing", ["username", "password"])
def test_empty_field_returns_400_without_calling_the_issuer(
    client: FlaskClient, users: Service, missing: str
) -> None:
    response = sign_in(client, **{missing: " "})
    assert response.status_code == 400
    assert f'<a href="#{missing}">' in response.text
    assert users.requests == []


@pytest.mark.parametrize(
    ("retry_after", "seconds", "words"),
    [
        ("30", "30", "30 seconds"),
        ("3600", "3600", "60 minutes"),
        ("121", "121", "3 minutes"),
        ("soon", "60", "60 seconds"),
        ("", "60", "60 seconds"),
    ],
)
def test_too_many_attempts_show_the_time_to_wait(
    client: FlaskClient, users: Service, retry_after: str, seconds: str, words: str
) -> None:
    users.on("POST", "/api/login/", Reply(429, headers={"Retry-After": retry_after}))
    response = sign_in(client)
    assert response.status_code == 429
    assert response.headers["Retry-After"] == seconds
    assert f"too many attempts. Wait for {words}," in response.text


@pytest.mark.parametrize("status", [400, 422])
def test_errors_of_the_issuer_are_shown_at_their_fields(
    client: FlaskClient, users: Service, status: int
) -> None:
    errors = {"username": "Must have at most 50 characters."}
    users.on("POST", "/api/login/", Reply(status, {"message": "No.", "errors": errors}))
    response = sign_in(client, username="a" * 51)
    assert response.status_code == status
    assert '<a href="#username">Username must have at most 50 characters.</a>' in response.text
    assert '<label for="username">Username</label>' in response.text


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"Authorized": "x"},
        {"Authorized": None},
        {"Authorized": "Bearer a\r\nb"},
        {"Authorized": "Bearer " + "a" * (LONGEST_TOKEN + 1)},
    ],
    ids=lambda body: str(body)[:30],
)
def test_invalid_token_of_the_issuer_returns_502(
    client: FlaskClient, users: Service, body: object
) -> None:
    users.on("POST", "/api/login/", Reply(json=body))
    assert sign_in(client).status_code == 502
    assert "Sign out" not in client.get("/").text


def test_longest_token_fits_into_the_cookie(client: FlaskClient, users: Service) -> None:
    token = "a" * LONGEST_TOKEN
    users.on("POST", "/api/login/", Reply(json={"Authorized": f"Bearer {token}"}))
    response = sign_in(client, username="".join(map(chr, range(0x1F300, 0x1F332))))
    assert len(response.headers["Set-Cookie"]) < 4096
    assert client.get(MINE).status_code == 200


@pytest.mark.parametrize(("status", "shown"), [(403, 403), (404, 404), (405, 502), (413, 413)])
def test_login_error_keeps_the_draft(
    client: FlaskClient, users: Service, status: int, shown: int
) -> None:
    users.on("POST", "/api/login/", Reply(status))
    response = sign_in(client, draft="Mine")
    assert response.status_code == shown
    assert "Nobody can be signed in just now." in response.text
    assert field(response, "draft") == "Mine"


# Signing out.


def logged_out(client: FlaskClient) -> str:
    """Sign out through the form; return the address that it redirects to."""
    token = csrf_token(client, "/logout/")
    return str(client.post("/logout/", data={"csrf_token": token}).location)


def test_logout_revokes_the_token_and_ends_the_session(client: FlaskClient, users: Service) -> None:
    sign_in(client)
    assert logged_out(client) == "/"
    received = users.requests[-1]
    assert (received.method, received.path) == ("POST", "/api/logout/")
    assert received.headers["Authorization"] == f"Bearer {TOKEN}"
    assert "You are signed out." in client.get("/").text
    assert client.get(MINE).status_code == 303


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(401), SIGNED_OUT),
        (Reply(500), SIGNED_OUT_HERE),
        (Reply(503), SIGNED_OUT_HERE),
        (Reply(raw=b""), SIGNED_OUT_HERE),
    ],
)
def test_logout_ends_the_session_if_the_issuer_fails(
    client: FlaskClient, users: Service, reply: Reply, said: str
) -> None:
    sign_in(client)
    users.on("POST", "/api/logout/", reply)
    assert logged_out(client) == "/"
    assert said in client.get("/").text
    assert client.get(MINE).status_code == 303


def test_copied_cookie_is_refused_after_logout(make: Make, users: Service) -> None:
    """The copy is sent to another worker, which has not seen the logout."""
    client, copy = make().test_client(), make().test_client()
    sign_in(client)
    cookie = client.get_cookie("session")
    assert cookie is not None
    copy.set_cookie("session", cookie.value)
    form = {"text": "Not mine", "csrf_token": csrf_token(copy, NEW)}
    users.on("GET", "/api/me/", Reply(401))
    response = copy.post(NEW, data=form)
    assert response.status_code == 401
    assert "You have been signed out. Please sign in again." in response.text
    assert "Sign out" not in copy.get("/").text


def test_failed_session_check_keeps_the_session(client: FlaskClient, users: Service) -> None:
    sign_in(client)
    for reply in (Reply(404), Reply(500), Reply(raw=b"")):
        users.on("GET", "/api/me/", reply)
        assert client.get(MINE).status_code == 200


def test_get_logout_does_not_sign_out(client: FlaskClient) -> None:
    sign_in(client)
    assert "Sign out?" in client.get("/logout/").text
    assert client.get(MINE).status_code == 200


def test_logout_without_a_session_succeeds(client: FlaskClient, users: Service) -> None:
    token = csrf_token(client)
    assert client.post("/logout/", data={"csrf_token": token}).location == "/"
    assert users.requests == []
    assert "You are signed out" in client.get("/logout/").text


# Expired tokens.


def test_expired_token_redirects_to_login_and_back(client: FlaskClient, kept: Service) -> None:
    sign_in(client)
    kept.on("GET", OWN, Reply(401))
    response = client.get(f"{MINE}?after=WzE3XQ.0a")
    assert response.status_code == 303
    login = client.get(response.location)
    assert login.status_code == 200
    assert "You have been signed out" in login.text
    assert hidden(login, "next") == f"{MINE}?after=WzE3XQ.0a"


@pytest.mark.parametrize("text", ["Mine", "\n\nMine", "<b>Mine</b>", "x" * 10_000])
def test_expired_token_keeps_the_text(client: FlaskClient, kept: Service, text: str) -> None:
    sign_in(client)
    kept.on("POST", OWN, Reply(401), Reply(201, item()))
    asked = write(client, text)
    assert asked.status_code == 401
    assert "Your text is kept" in asked.text
    again = client.post(
        "/login/",
        data={
            "username": "ada",
            "password": "correct horse",
            "csrf_token": hidden(asked, "csrf_token"),
            "next": hidden(asked, "next"),
            "draft": field(asked, "draft"),
        },
    )
    assert again.status_code == 200
    assert "It is not saved yet." in again.text
    saved = client.post(
        NEW,
        data={"text": field(again, "text"), "csrf_token": hidden(again, "csrf_token")},
    )
    assert saved.status_code == 303
    assert kept.requests[-1].json == {"text": text}


def test_wrong_password_keeps_the_draft(client: FlaskClient, users: Service) -> None:
    users.on("POST", "/api/login/", Reply(401))
    assert field(sign_in(client, draft="\nMine"), "draft") == "\nMine"


def test_unavailable_issuer_keeps_the_form(client: FlaskClient, users: Service) -> None:
    token = csrf_token(client)
    users.stop()
    form = {"username": "ada", "password": "correct horse", "csrf_token": token}
    response = client.post("/login/", data=form | {"draft": "\nMine", "next": MINE})
    assert response.status_code == 503
    assert "Nobody can be signed in just now." in response.text
    assert 'value="ada"' in response.text
    assert "correct horse" not in response.text
    assert (field(response, "draft"), hidden(response, "next")) == ("\nMine", MINE)


def test_post_without_a_session_keeps_the_text(make: Make) -> None:
    """The cookie has expired while the form was open."""
    client = make().test_client()
    response = client.post(NEW, data={"text": "Mine"})
    assert response.status_code == 401
    assert field(response, "draft") == "Mine"
