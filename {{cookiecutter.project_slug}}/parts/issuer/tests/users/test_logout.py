"""Logging out: the token is refused from then on, until it has expired and is forgotten."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, text
from werkzeug.test import TestResponse

from {{ cookiecutter.package_name }}.chassis.settings import Settings
from {{ cookiecutter.package_name }}.chassis.signing import Signer
from {{ cookiecutter.package_name }}.chassis.signing_key import SigningKey

from ..conftest import Bearer
from .conftest import Create, LogIn, Make


def log_out(client: FlaskClient, authorization: str) -> TestResponse:
    """Log out with the value of a header."""
    return client.post("/api/logout/", headers={"Authorization": authorization})


def revoked(engine: Engine) -> set[str]:
    """Return the ids of the tokens that are remembered as revoked."""
    with engine.connect() as connection:
        return set(connection.scalars(text("SELECT token_id FROM revoked_tokens")))


@pytest.fixture
def signer(settings: Settings, key: Path) -> Signer:
    """What signs as the service does."""
    return Signer(settings, SigningKey(key.parent, key.stem))


def test_a_token_is_refused_once_it_is_logged_out(
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


def test_it_is_refused_everywhere_in_the_service(client: FlaskClient, bearer: Bearer) -> None:
    headers = bearer("root", scope="admin")
    assert client.post("/admin/users/", json={}, headers=headers).status_code == 400
    assert client.post("/api/logout/", headers=headers).status_code == 204
    assert client.post("/admin/users/", json={}, headers=headers).status_code == 401


def test_it_is_refused_by_all_instances(client: FlaskClient, bearer: Bearer, make: Make) -> None:
    authorization = bearer()["Authorization"]
    other = make().test_client()
    assert log_out(client, authorization).status_code == 204
    assert log_out(other, authorization).status_code == 401


def test_logging_out_needs_a_token(client: FlaskClient, engine: Engine) -> None:
    assert client.post("/api/logout/").status_code == 401
    assert log_out(client, "Bearer rubbish").status_code == 401
    assert revoked(engine) == set()


@pytest.mark.parametrize("token_id", [None, "", "a\0b", "\ud800"])
def test_a_token_that_could_not_be_revoked_is_refused(
    client: FlaskClient, settings: Settings, key: Path, token_id: str | None
) -> None:
    now = int(time.time())
    claims: dict[str, Any] = {"sub": "1", "username": "ada", "scope": "", "iat": now}
    claims |= {"exp": now + 60, "iss": settings["tokens.issuer"]}
    claims |= {"aud": settings["tokens.audience"]}
    if token_id is not None:
        claims["jti"] = token_id
    token = jwt.encode(claims, key.read_bytes(), "RS256", headers={"kid": key.stem})
    assert log_out(client, f"Bearer {token}").status_code == 401


def test_what_has_expired_is_forgotten_at_the_next_logout(
    client: FlaskClient, bearer: Bearer, engine: Engine, settings: Settings
) -> None:
    now, leeway = datetime.now(UTC), timedelta(seconds=settings["tokens.leeway_seconds"])
    ends = {
        "expired": now - leeway - timedelta(minutes=1),
        "accepted": now - leeway / 2,
        "valid": now + timedelta(minutes=1),
    }
    insert = text("INSERT INTO revoked_tokens VALUES (:token_id, :expires)")
    with engine.begin() as connection:
        for token_id, expires in ends.items():
            connection.execute(insert, {"token_id": token_id, "expires": expires})
    assert client.post("/api/logout/", headers=bearer()).status_code == 204
    found = revoked(engine)
    assert found >= {"accepted", "valid"}
    assert "expired" not in found
    assert len(found) == 3


def test_a_token_that_is_accepted_in_its_last_moments_is_refused_in_them_too(
    client: FlaskClient, signer: Signer
) -> None:
    authorization = f"Bearer {signer.sign('1', 'ada', '', seconds=-10)}"
    assert log_out(client, authorization).status_code == 204
    assert log_out(client, authorization).status_code == 401


def test_a_lost_database_lets_no_revoked_token_in(
    client: FlaskClient, bearer: Bearer, make: Make
) -> None:
    headers = bearer("root", scope="admin")
    assert client.post("/api/logout/", headers=headers).status_code == 204
    cut_off = make(database__port=1).test_client()
    response = cut_off.post("/admin/users/", json={}, headers=headers)
    assert response.status_code == 503
