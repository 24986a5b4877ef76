"""Which private key signs, and that the service does not start without one."""

import shutil
from pathlib import Path

import jwt
import pytest

from {{ cookiecutter.package_name }}.chassis import keys as chassis_keys
from {{ cookiecutter.package_name }}.chassis import signing_key
from {{ cookiecutter.package_name }}.chassis.failures import StartError
from {{ cookiecutter.package_name }}.tasks import keys

from .conftest import Create, LogIn, Make


@pytest.fixture
def root(key: Path, tmp_path: Path) -> Path:
    """A folder with the keys of the tests, `private` and `public`, to add others to."""
    shutil.copytree(key.parent.parent, tmp_path / "keys")
    return tmp_path / "keys"


def folders(root: Path) -> dict[str, str]:
    """Return the settings that name the keys of a folder."""
    return {f"tokens__{half}_keys_folder": str(root / half) for half in ("private", "public")}


def test_a_missing_private_key_stops_the_start(make: Make, root: Path, key: Path) -> None:
    (root / "private" / key.name).unlink()
    with pytest.raises(StartError, match=r"no private key in .*tokens\.private_keys_folder.*gener"):
        make(**folders(root))


def test_a_key_that_nobody_could_verify_with_stops_the_start(
    make: Make, root: Path, key: Path
) -> None:
    keys.write_pair(root, "unpublished", bits=2048)
    (root / "public" / "unpublished.pem").unlink()
    with pytest.raises(StartError, match=r"public_keys_folder has no unpublished\.pem"):
        make(**folders(root), tokens__signing_kid="unpublished")


def test_a_key_under_the_name_of_another_stops_the_start(make: Make, root: Path, key: Path) -> None:
    other = keys.write_pair(root, "other", bits=2048)
    shutil.copy(other, root / "private" / key.name)
    with pytest.raises(StartError, match="Publish it before it is used"):
        make(**folders(root), tokens__signing_kid=key.stem)


def test_of_several_keys_the_one_that_is_named_signs(
    make: Make, root: Path, key: Path, create: Create, log_in: LogIn
) -> None:
    create()
    keys.write_pair(root, "second", bits=2048)
    with pytest.raises(StartError, match=f"Which key signs .*second, {key.stem}"):
        make(**folders(root))
    for kid in (key.stem, "second"):
        by = make(**folders(root), tokens__signing_kid=kid).test_client()
        authorization = log_in(by=by).json["Authorized"]
        token = authorization.removeprefix("Bearer ")
        assert jwt.get_unverified_header(token)["kid"] == kid
        headers = {"Authorization": authorization}
        assert by.post("/api/logout/", headers=headers).status_code == 204


def test_a_switch_to_a_key_that_is_not_published_waits_until_it_is(
    make: Make,
    root: Path,
    key: Path,
    create: Create,
    log_in: LogIn,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Whoever takes the steps of a rotation in the wrong order signs nobody out."""
    for module in (chassis_keys, signing_key):
        monkeypatch.setattr(module, "LOOK_AGAIN_AFTER_SECONDS", 0.0)
    create()
    by = make(**folders(root), tokens__signing_kid="").test_client()

    def signs() -> str:
        token = log_in(by=by).json["Authorized"].removeprefix("Bearer ")
        return str(jwt.get_unverified_header(token)["kid"])

    assert signs() == key.stem
    keys.write_pair(root, "second", bits=2048)
    public = (root / "public" / "second.pem").rename(root / "second.pem")
    (root / "private" / "signing-kid").write_text("second")
    assert signs() == key.stem
    assert f"tokens are still signed with key {key.stem}: tokens.public_keys_folder" in caplog.text
    public.rename(root / "public" / "second.pem")
    assert signs() == "second"


def test_a_tokens_life_is_what_the_settings_say(make: Make, create: Create, log_in: LogIn) -> None:
    create()
    by = make(tokens__life_seconds=7).test_client()
    token = log_in(by=by).json["Authorized"].removeprefix("Bearer ")
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == 7
