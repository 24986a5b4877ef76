"""Which private key signs, and that the service does not start without one."""

import shutil
from pathlib import Path

import jwt
import pytest
from flask import Flask

from flask_chassis.auth import public_keys as chassis_keys
from flask_chassis.auth import signing_key
from flask_chassis.exceptions import ConfigurationError
from flask_chassis.issuer import issuing
from flask_chassis.tasks import keys

from .conftest import Make


@pytest.fixture
def root(key: Path, tmp_path: Path) -> Path:
    """A folder with the keys of the tests, `private` and `public`, to add others to."""
    shutil.copytree(key.parent.parent, tmp_path / "keys")
    return tmp_path / "keys"


def folders(root: Path) -> dict[str, str]:
    """Return the settings that name the keys of a folder."""
    return {f"tokens__{half}_keys_folder": str(root / half) for half in ("private", "public")}


def token_of(issuer: Flask) -> str:
    """Return a token that the service issues now."""
    with issuer.app_context():
        return issuing.authorization_for("1", "ada", "").removeprefix("Bearer ")


def test_a_token_is_its_users(make: Make) -> None:
    issuer = make()
    with issuer.app_context():
        authorization = issuing.authorization_for("7", "Ada L", "admin read")
        scheme, _, token = authorization.partition(" ")
        claims = issuer.extensions["tokens"].verify(token)
    assert scheme == "Bearer"
    assert (claims.subject, claims.username) == ("7", "Ada L")
    assert claims.scopes == {"admin", "read"}


def test_a_missing_private_key_stops_the_start(make: Make, root: Path, key: Path) -> None:
    (root / "private" / key.name).unlink()
    with pytest.raises(
        ConfigurationError, match=r"no private key in .*tokens\.private_keys_folder.*gener"
    ):
        make(**folders(root))


def test_a_key_that_nobody_could_verify_with_stops_the_start(
    make: Make, root: Path, key: Path
) -> None:
    keys.write_pair(root, "unpublished", bits=2048)
    (root / "public" / "unpublished.pem").unlink()
    with pytest.raises(ConfigurationError, match=r"public_keys_folder has no unpublished\.pem"):
        make(**folders(root), tokens__signing_kid="unpublished")


def test_a_key_under_the_name_of_another_stops_the_start(make: Make, root: Path, key: Path) -> None:
    other = keys.write_pair(root, "other", bits=2048)
    shutil.copy(other, root / "private" / key.name)
    with pytest.raises(ConfigurationError, match="Publish the public key first"):
        make(**folders(root), tokens__signing_kid=key.stem)


def test_of_several_keys_the_one_that_is_named_signs(make: Make, root: Path, key: Path) -> None:
    keys.write_pair(root, "second", bits=2048)
    with pytest.raises(ConfigurationError, match=f"write one of second, {key.stem}"):
        make(**folders(root))
    for kid in (key.stem, "second"):
        issuer = make(**folders(root), tokens__signing_kid=kid)
        token = token_of(issuer)
        assert jwt.get_unverified_header(token)["kid"] == kid
        headers = {"Authorization": f"Bearer {token}"}
        assert issuer.test_client().get("/probes/mine/", headers=headers).status_code == 200


def test_a_switch_to_a_key_that_is_not_published_waits_until_it_is(
    make: Make,
    root: Path,
    key: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Whoever takes the steps of a rotation in the wrong order signs nobody out."""
    for module in (chassis_keys, signing_key):
        monkeypatch.setattr(module, "LOOK_AGAIN_AFTER_SECONDS", 0.0)
    issuer = make(**folders(root), tokens__signing_kid="")

    def signs() -> str:
        return str(jwt.get_unverified_header(token_of(issuer))["kid"])

    assert signs() == key.stem
    keys.write_pair(root, "second", bits=2048)
    public = (root / "public" / "second.pem").rename(root / "second.pem")
    (root / "private" / "signing-kid").write_text("second")
    assert signs() == key.stem
    assert f"tokens are still signed with key {key.stem}: tokens.public_keys_folder" in caplog.text
    public.rename(root / "public" / "second.pem")
    assert signs() == "second"


def test_a_tokens_life_is_what_the_settings_say(make: Make) -> None:
    token = token_of(make(tokens__life_seconds=7))
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == 7
