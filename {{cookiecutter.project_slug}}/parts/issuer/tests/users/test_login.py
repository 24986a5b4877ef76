"""Tests of logging in and out."""

import time
from collections.abc import Callable, Iterator

import jwt
import pytest
from argon2 import extract_parameters
from flask import Flask
from flask.testing import FlaskClient
from flask_chassis.settings import Settings
from flask_chassis.testing import Bearer
from sqlalchemy import Engine, event, text
from werkzeug.test import TestResponse

from .conftest import PASSWORD, Create, LogIn, Make


def token_in(response: TestResponse) -> str:
    """Return the token in the response to a login."""
    assert response.status_code == 200
    header: str = response.json["Authorized"]
    scheme, _, token = header.partition(" ")
    assert scheme == "Bearer"
    return token


@pytest.fixture
def statements(app: Flask) -> Iterator[list[str]]:
    """The statements that the service has run."""
    found: list[str] = []
    pool: Engine = app.extensions["database"]

    def note(connection: object, cursor: object, statement: str, *_: object) -> None:
        found.append(statement)

    event.listen(pool, "before_cursor_execute", note)
    yield found
    event.remove(pool, "before_cursor_execute", note)


def test_login_returns_a_token(
    app: Flask, create: Create, log_in: LogIn, settings: Settings
) -> None:
    created = create("Ada Lovelace", scope="admin read").json
    response = log_in("Ada Lovelace")
    assert response.json.keys() == {"Authorized"}
    assert response.headers["Cache-Control"] == "no-store"
    token = token_in(response)
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["sub"] == str(created["id"])
    assert claims["username"] == "Ada Lovelace"
    assert claims["scope"] == "admin read"
    assert claims["iss"] == settings["tokens.issuer"]
    assert claims["aud"] == settings["tokens.audience"]
    assert claims["exp"] - claims["iat"] == settings["tokens.life_seconds"]
    assert abs(claims["iat"] - time.time()) < 60
    assert app.extensions["tokens"].verify(token).token_id == claims["jti"]


def test_each_login_returns_a_new_token(create: Create, log_in: LogIn) -> None:
    create()
    assert token_in(log_in()) != token_in(log_in())


def test_token_has_the_scope_of_its_user(
    client: FlaskClient, create: Create, log_in: LogIn
) -> None:
    for username, scope, status in (("boss", "admin", 400), ("ada", "", 403)):
        create(username, scope=scope)
        headers = {"Authorization": f"Bearer {token_in(log_in(username))}"}
        assert client.post("/admin/users/", json={}, headers=headers).status_code == status


def test_form_data_is_accepted(client: FlaskClient, create: Create) -> None:
    create("d'Artagnan & Söhne")
    body = {"username": "d'Artagnan & Söhne", "password": PASSWORD}
    assert token_in(client.post("/api/login/", data=body))


@pytest.mark.parametrize("typed", ["ADA L", "ada l ", "Ada  L"])
def test_login_accepts_other_spellings_of_the_username(
    create: Create, log_in: LogIn, typed: str
) -> None:
    create("Ada L")
    claims = jwt.decode(token_in(log_in(typed)), options={"verify_signature": False})
    assert claims["username"] == "Ada L"


@pytest.mark.parametrize("password", ["wrong", PASSWORD.upper(), f"{PASSWORD} ", "x" * 128])
def test_wrong_password_returns_401(create: Create, log_in: LogIn, password: str) -> None:
    create()
    response = log_in(password=password)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"


def seen(response: TestResponse) -> object:
    """Return a response's status, headers and body, without its request id."""
    headers = sorted((name, value) for name, value in response.headers if name != "X-Request-ID")
    return response.status, headers, response.data


def test_unknown_user_and_wrong_password_get_the_same_response(
    create: Create, log_in: LogIn
) -> None:
    create("ada")
    assert seen(log_in("ada", "wrong")) == seen(log_in("eve", "wrong"))
    assert seen(log_in("ada", "wrong")) == seen(log_in("ada\u3164\nroot", PASSWORD))


def test_unknown_user_and_wrong_password_take_the_same_work(
    create: Create, log_in: LogIn, verified: list[object], statements: list[str]
) -> None:
    """Compare the work, not the time, which depends on the machine's load."""
    create("ada")
    work: list[tuple[list[object], list[str]]] = []
    for username in ("ada", "eve"):
        verified.clear()
        statements.clear()
        assert log_in(username, "wrong").status_code == 401
        work.append((list(verified), list(statements)))
    assert work[0] == work[1]
    assert len(work[0][0]) == 1
    assert work[0][1]


def test_outdated_hash_takes_the_same_work_as_an_unknown_user(
    create: Create, log_in: LogIn, make: Make, verified: list[object]
) -> None:
    create("ada")
    by = make(passwords__time_cost=2).test_client()
    assert log_in("ada", "wrong", by=by).status_code == 401
    work = []
    for username in ("ada", "eve"):
        verified.clear()
        assert log_in(username, "wrong", by=by).status_code == 401
        work.append(sorted(map(str, verified)))
    assert work[0] == work[1]
    assert len(work[0]) == 2


BAD = {
    "no name": {"password": PASSWORD},
    "no password": {"username": "ada"},
    "an empty name": {"username": "", "password": PASSWORD},
    "a long name": {"username": "x" * 51, "password": PASSWORD},
    "an empty password": {"username": "ada", "password": ""},
    "a long password": {"username": "ada", "password": "x" * 129},
    "a password with NUL": {"username": "ada", "password": "correct\0horse"},
    "a name of half a character": {"username": "\ud800", "password": PASSWORD},
    "a password of half a character": {"username": "ada", "password": "\ud800"},
    "a password that is a list": {"username": "ada", "password": [PASSWORD]},
}


@pytest.mark.parametrize("sort", BAD)
def test_invalid_login_returns_400_without_the_password(
    client: FlaskClient, verified: list[object], sort: str
) -> None:
    response = client.post("/api/login/", json=BAD[sort])
    assert response.status_code == 400
    assert len(response.json["errors"]) == 1
    assert PASSWORD not in response.text
    assert verified == []


def test_password_in_the_query_string_is_ignored(client: FlaskClient, create: Create) -> None:
    create()
    query = {"username": "ada", "password": PASSWORD}
    assert client.post("/api/login/", query_string=query).status_code == 400


StoredHash = Callable[[], str]


@pytest.fixture
def stored_hash(engine: Engine) -> StoredHash:
    """Return the hash of the only user's password."""

    def reads() -> str:
        with engine.connect() as connection:
            return str(connection.scalar(text("SELECT password_hash FROM users")))

    return reads


def test_login_rehashes_the_password_if_parameters_changed(
    create: Create, log_in: LogIn, make: Make, stored_hash: StoredHash
) -> None:
    create()
    outdated = stored_hash()
    stronger = make(passwords__time_cost=2).test_client()
    assert log_in(password="wrong", by=stronger).status_code == 401
    assert stored_hash() == outdated
    assert log_in(by=stronger).status_code == 200
    renewed = stored_hash()
    assert extract_parameters(renewed).time_cost == 2
    assert log_in(by=stronger).status_code == 200
    assert stored_hash() == renewed


def test_rehash_does_not_overwrite_a_concurrent_password_change(
    create: Create,
    log_in: LogIn,
    make: Make,
    engine: Engine,
    stored_hash: StoredHash,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    create()
    stronger = make(passwords__time_cost=2)
    passwords = stronger.extensions["passwords"]
    hash_slowly = passwords.hash

    def change_first(password: str) -> str:
        with engine.begin() as connection:
            connection.execute(text("UPDATE users SET password_hash = 'changed'"))
        return str(hash_slowly(password))

    monkeypatch.setattr(passwords, "hash", change_first)
    assert log_in(by=stronger.test_client()).status_code == 200
    assert stored_hash() == "changed"


def test_passwords_and_tokens_are_not_logged(
    create: Create,
    log_in: LogIn,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    create()
    for password in (PASSWORD, "wrong horse"):
        log_in(password=password)
    logged = caplog.text + capfd.readouterr().out
    assert "horse" not in logged
    assert "eyJ" not in logged


# Logging out.


def log_out(client: FlaskClient, authorization: str) -> TestResponse:
    """Log out with the value of a header."""
    return client.post("/api/logout/", headers={"Authorization": authorization})


def revoked(engine: Engine) -> set[str]:
    """Return the ids of the tokens that are stored as revoked."""
    with engine.connect() as connection:
        return set(connection.scalars(text("SELECT token_id FROM revoked_tokens")))


def test_logout_revokes_only_the_token_that_was_sent(
    client: FlaskClient, create: Create, log_in: LogIn
) -> None:
    create()
    mine, other = (log_in().json["Authorized"] for _ in range(2))
    response = log_out(client, mine)
    assert response.status_code == 204
    assert response.data == b""
    again = log_out(client, mine)
    assert again.status_code == 401
    assert "revoked" in again.json["message"]
    assert again.headers["WWW-Authenticate"] == "Bearer error=invalid_token"
    assert log_out(client, other).status_code == 204


def test_revoked_token_is_refused_by_other_routes(client: FlaskClient, bearer: Bearer) -> None:
    headers = bearer("root", scope="admin")
    assert client.post("/admin/users/", json={}, headers=headers).status_code == 400
    assert client.post("/api/logout/", headers=headers).status_code == 204
    assert client.post("/admin/users/", json={}, headers=headers).status_code == 401


def test_revoked_token_is_refused_by_other_instances(
    client: FlaskClient, bearer: Bearer, make: Make
) -> None:
    authorization = bearer()["Authorization"]
    other = make().test_client()
    assert log_out(client, authorization).status_code == 204
    assert log_out(other, authorization).status_code == 401


def test_logout_without_token_returns_401(client: FlaskClient, engine: Engine) -> None:
    assert client.post("/api/logout/").status_code == 401
    assert log_out(client, "Bearer rubbish").status_code == 401
    assert revoked(engine) == set()


def test_me_returns_the_user_until_logout(
    client: FlaskClient, create: Create, log_in: LogIn
) -> None:
    created = create("Ada").json
    headers = {"Authorization": log_in("ada").json["Authorized"]}
    response = client.get("/api/me/", headers=headers)
    assert response.json == {"subject": str(created["id"]), "username": "Ada"}
    assert response.headers["Cache-Control"] == "no-store"
    client.post("/api/logout/", headers=headers)
    assert client.get("/api/me/", headers=headers).status_code == 401
    assert client.get("/api/me/").status_code == 401
