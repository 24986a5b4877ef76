"""Tokens that are ended are refused, until they have expired and are forgotten."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from flask import Flask
from sqlalchemy import Engine, text

from flask_chassis.auth.claims import END_OF_9999
from flask_chassis.auth.signing import Signer
from flask_chassis.auth.signing_key import SigningKey
from flask_chassis.issuer import issuing, revocation
from flask_chassis.settings import Settings

from .conftest import Make


@pytest.fixture
def issuer(make: Make) -> Flask:
    """An issuer as it is served."""
    return make()


@pytest.fixture
def signer(settings: Settings, key: Path) -> Signer:
    """What signs as the service does."""
    return Signer(settings, SigningKey(key.parent, key.stem))


def token_of(issuer: Flask) -> str:
    """Return a new token."""
    with issuer.app_context():
        return issuing.authorization_for("1", "ada", "").removeprefix("Bearer ")


def status_of(token: str, issuer: Flask) -> int:
    """Return how a request with a token is answered."""
    headers = {"Authorization": f"Bearer {token}"}
    return issuer.test_client().get("/probes/mine/", headers=headers).status_code


def revoke(token: str, issuer: Flask) -> None:
    """End a token."""
    with issuer.app_context():
        revocation.revoke(issuer.extensions["tokens"].verify(token))


def revoked(engine: Engine) -> set[str]:
    """Return the ids of the tokens that are remembered as revoked."""
    with engine.connect() as connection:
        return set(connection.scalars(text("SELECT token_id FROM revoked_tokens")))


def test_a_token_that_is_revoked_is_refused_by_all_instances_and_no_other_is(
    issuer: Flask, make: Make
) -> None:
    mine, other = token_of(issuer), token_of(issuer)
    assert status_of(mine, issuer) == status_of(other, issuer) == 200
    revoke(mine, issuer)
    assert status_of(mine, issuer) == status_of(mine, make()) == 401
    assert status_of(other, issuer) == 200


def test_a_token_may_be_revoked_twice(issuer: Flask, engine: Engine) -> None:
    token = token_of(issuer)
    with issuer.app_context():
        claims = issuer.extensions["tokens"].verify(token)
        for _ in range(2):
            revocation.revoke(claims)
    assert revoked(engine) == {claims.token_id}


@pytest.mark.parametrize("token_id", [None, "", "a\0b", "\ud800"])
def test_a_token_that_could_not_be_revoked_is_refused(
    issuer: Flask, settings: Settings, key: Path, token_id: str | None
) -> None:
    now = int(time.time())
    claims: dict[str, Any] = {"sub": "1", "username": "ada", "scope": "", "iat": now}
    claims |= {"exp": now + 60, "iss": settings["tokens.issuer"]}
    claims |= {"aud": settings["tokens.audience"]}
    if token_id is not None:
        claims["jti"] = token_id
    token = jwt.encode(claims, key.read_bytes(), "RS256", headers={"kid": key.stem})
    assert status_of(token, issuer) == 401


def test_what_has_expired_is_forgotten_at_the_next_revocation(
    issuer: Flask, engine: Engine, settings: Settings
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
    revoke(token_of(issuer), issuer)
    found = revoked(engine)
    assert found >= {"accepted", "valid"}
    assert "expired" not in found
    assert len(found) == 3


def test_a_token_that_is_accepted_in_its_last_moments_is_refused_in_them_too(
    issuer: Flask, signer: Signer
) -> None:
    token = signer.sign("1", "ada", "", seconds=-10)
    assert status_of(token, issuer) == 200
    revoke(token, issuer)
    assert status_of(token, issuer) == 401


def test_a_lost_database_lets_no_revoked_token_in(issuer: Flask, make: Make) -> None:
    token = token_of(issuer)
    revoke(token, issuer)
    assert status_of(token, make(database__port=1)) == 503


def test_a_token_of_the_farthest_future_can_be_revoked(
    issuer: Flask, settings: Settings, key: Path, engine: Engine
) -> None:
    claims: dict[str, Any] = {"sub": "1", "username": "ada", "scope": "", "iat": int(time.time())}
    claims |= {"iss": settings["tokens.issuer"], "aud": settings["tokens.audience"]}
    claims |= {"jti": "x" * 255, "exp": END_OF_9999}
    token = jwt.encode(claims, key.read_bytes(), "RS256", headers={"kid": key.stem})
    revoke(token, issuer)
    assert status_of(token, issuer) == 401
    assert revoked(engine) == {"x" * 255}
