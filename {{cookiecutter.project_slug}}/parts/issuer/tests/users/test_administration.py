"""Tests of creating users."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_chassis.testing import Bearer
from sqlalchemy import Engine, text

from .conftest import PASSWORD, Create, LogIn

PATH = "/admin/users/"
BODY = {"username": "ada", "password": PASSWORD}


def test_create_user_returns_all_fields_except_password(create: Create) -> None:
    response = create("Ada Lovelace", scope="admin")
    assert response.status_code == 201
    assert response.json.keys() == {"id", "username", "scope", "creation"}
    assert response.json["username"] == "Ada Lovelace"
    assert response.json["scope"] == "admin"
    created = datetime.fromisoformat(response.json["creation"])
    assert created.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - created) < timedelta(minutes=1)


def test_new_user_has_no_scope(create: Create) -> None:
    assert create().json["scope"] == ""


def test_form_data_is_accepted(client: FlaskClient, bearer: Bearer, log_in: LogIn) -> None:
    response = client.post(PATH, data=BODY, headers=bearer(scope="admin"))
    assert response.status_code == 201
    assert log_in("ada").status_code == 200


@pytest.mark.parametrize("taken", ["ada lovelace", "ADA LOVELACE", "\uff21da Lovelace"])
def test_taken_username_returns_409(create: Create, log_in: LogIn, taken: str) -> None:
    assert create("Ada Lovelace").status_code == 201
    response = create(taken, password="another password")
    assert response.status_code == 409
    assert response.json["message"]
    assert log_in("Ada Lovelace").status_code == 200


@pytest.mark.parametrize(
    "username", ["\u0430da lovelace", "Ada Love1ace", "Ada LoveIace", "Ada\u3164 Lovelace"]
)
def test_lookalike_username_returns_409(create: Create, log_in: LogIn, username: str) -> None:
    assert create("Ada Lovelace").status_code == 201
    response = create(username, password="another password")
    assert response.status_code == 409
    assert "looks like it" in response.json["message"]
    assert log_in("Ada Lovelace").status_code == 200


@pytest.mark.parametrize(
    "username", ["a", "x" * 50, "d'Artagnan", "j.r.r.", "李小龙", "🎈", "ﷺ" * 50]
)
def test_username_is_stored_unchanged(create: Create, log_in: LogIn, username: str) -> None:
    assert create(username).json["username"] == username
    assert log_in(username).status_code == 200


@pytest.mark.parametrize(
    "username",
    ["", "x" * 51, " ada", "ada ", "ada\u2800", "a\nb", "a\0b", "\u202eada", "\ud800", 7, None],
)
def test_invalid_username_returns_400(create: Create, username: str) -> None:
    response = create(username)
    assert response.status_code == 400
    assert response.json["errors"].keys() == {"username"}


@pytest.mark.parametrize(
    "password", ["", "1234567", "x" * 129, "1234567\0", "Eve Example", "11111111", 12345678, None]
)
def test_invalid_password_returns_400(create: Create, password: str) -> None:
    response = create("eve example", password=password)
    assert response.status_code == 400
    assert response.json["errors"].keys() == {"password"}


@pytest.mark.parametrize("scope", [" ", "a  b", "a ", 'a"b', "ä", "a\nb", "x" * 201, 1, None])
def test_invalid_scope_returns_400(create: Create, scope: str) -> None:
    response = create(scope=scope)
    assert response.status_code == 400
    assert response.json["errors"].keys() == {"scope"}


def test_all_errors_are_reported_together(create: Create) -> None:
    response = create(" ada", password="aaaaaaaa")
    assert response.json["errors"].keys() == {"username", "password"}


def test_only_administrators_create_users(
    client: FlaskClient, bearer: Bearer, engine: Engine
) -> None:
    assert client.post(PATH, json=BODY).status_code == 401
    assert client.post(PATH, data="rubbish").status_code == 401
    for scope in ("", "administrator"):
        assert client.post(PATH, json=BODY, headers=bearer(scope=scope)).status_code == 403
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM users")) == 0


def test_creation_is_logged_with_the_administrator(
    create: Create, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    identity = create().json["id"]
    assert f"user {identity} was created by root" in caplog.messages


def test_only_the_password_hash_is_stored(create: Create, engine: Engine) -> None:
    create()
    with engine.connect() as connection:
        row = str(connection.execute(text("SELECT * FROM users")).one())
    assert "$argon2id$" in row
    assert PASSWORD not in row


def test_concurrent_creates_of_one_username_return_201_and_409(
    app: Flask, bearer: Bearer, engine: Engine
) -> None:
    headers = bearer("root", scope="admin")

    def creates(username: str, together: Barrier) -> int:
        body = {"username": username, "password": PASSWORD}
        together.wait()
        return app.test_client().post(PATH, json=body, headers=headers).status_code

    with ThreadPoolExecutor(2) as threads:
        for number in range(10):
            together = Barrier(2)
            names = (f"user {number}", f"USER {number}")
            statuses = threads.map(creates, names, (together, together))
            assert sorted(statuses) == [201, 409]
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM users")) == 10
