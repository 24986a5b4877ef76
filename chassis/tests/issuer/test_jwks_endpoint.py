"""The public keys, as others fetch them."""

import shutil
from pathlib import Path

import jwt
import pytest
from flask import Flask

from flask_chassis.auth import public_keys as chassis_keys
from flask_chassis.issuer import issuing
from flask_chassis.settings import Settings
from flask_chassis.tasks import keys

from .conftest import Make

PATH = "/.well-known/jwks.json"


@pytest.fixture
def issuer(make: Make) -> Flask:
    """An issuer as it is served."""
    return make()


def test_a_token_is_verified_with_what_is_served(
    issuer: Flask, settings: Settings, key: Path
) -> None:
    with issuer.app_context():
        token = issuing.authorization_for("1", "ada", "").removeprefix("Bearer ")
    served = jwt.PyJWKSet.from_dict(issuer.test_client().get(PATH).json)
    kid = jwt.get_unverified_header(token)["kid"]
    assert kid == key.stem
    audience = settings["tokens.audience"]
    assert jwt.decode(token, served[kid], algorithms=["RS256"], audience=audience)


def test_no_cache_on_the_way_makes_rotations_wait_longer(issuer: Flask) -> None:
    response = issuer.test_client().get(PATH)
    assert response.status_code == 200
    assert response.mimetype == "application/json"
    assert response.headers["Cache-Control"] == "no-cache"


def test_it_has_public_parts_alone(issuer: Flask) -> None:
    for each in issuer.test_client().get(PATH).json["keys"]:
        assert each.keys() == {"kty", "use", "alg", "kid", "n", "e"}
        assert (each["kty"], each["use"], each["alg"]) == ("RSA", "sig", "RS256")


def test_a_key_that_is_to_sign_later_is_served_before(
    make: Make, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chassis_keys, "LOOK_AGAIN_AFTER_SECONDS", 0.0)
    public = tmp_path / "public"
    shutil.copytree(key.parent.parent / "public", public)
    client = make(tokens__public_keys_folder=str(public)).test_client()
    keys.write_pair(tmp_path, "later", bits=2048)
    assert [each["kid"] for each in client.get(PATH).json["keys"]] == ["later", key.stem]
    (public / key.name).unlink()
    assert [each["kid"] for each in client.get(PATH).json["keys"]] == ["later"]
