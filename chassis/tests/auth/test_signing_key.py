"""Which private key signs, and that it changes while the issuer runs."""

import shutil
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)

from flask_chassis.auth import signing_key
from flask_chassis.auth.signing_key import SigningKey, find
from flask_chassis.exceptions import ConfigurationError


@pytest.fixture
def folder(key: Path, other_key: Path, tmp_path: Path) -> Path:
    """A folder with two private keys, `a` and `b`, of which nobody says which one signs."""
    shutil.copy(key, tmp_path / "a.pem")
    shutil.copy(other_key, tmp_path / "b.pem")
    return tmp_path


def name(folder: Path, kid: str) -> None:
    """Have the file name a key."""
    (folder / "signing-kid").write_text(f"{kid}\n")


def test_the_only_key_signs(folder: Path) -> None:
    (folder / "a.pem").unlink()
    assert find(folder).stem == "b"


def test_of_several_the_one_that_the_file_names_signs(folder: Path) -> None:
    for kid in ("a", "b"):
        name(folder, kid)
        assert find(folder).stem == kid


def test_the_setting_goes_before_the_file(folder: Path) -> None:
    name(folder, "a")
    assert find(folder, "b").stem == "b"


def test_which_key_signs_is_never_guessed(folder: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"No signing key is named: .*a, b to .*-kid"):
        find(folder)


@pytest.mark.parametrize("kid", ["c", "../a", "a.pem", "signing-kid", "/etc/passwd", "a\0"])
def test_a_key_that_is_not_there_does_not_sign(folder: Path, kid: str) -> None:
    with pytest.raises(ConfigurationError, match=r"The signing key .* does not exist: write"):
        find(folder, kid)
    name(folder, kid)
    with pytest.raises(ConfigurationError, match=r"The signing key .* does not exist: write"):
        find(folder)


def test_a_folder_without_a_key_stops_the_start(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(ConfigurationError, match=r"no private key .*keys\.generate"):
            SigningKey(folder)


def test_a_file_that_cannot_be_read_stops_the_start(folder: Path) -> None:
    (folder / "signing-kid").write_bytes(b"\xff")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        SigningKey(folder)


def pem_of(
    private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey,
    encryption: KeySerializationEncryption | None = None,
) -> bytes:
    """Return what a file of a private key has in it."""
    encryption = encryption or NoEncryption()
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


def test_a_file_that_is_no_usable_key_stops_the_start(folder: Path, key: Path) -> None:
    strong = rsa.generate_private_key(65537, 2048)
    for content in (
        b"",
        b"-----BEGIN PRIVATE KEY-----\nc2VjcmV0",  # pragma: allowlist secret
        (key.parent.parent / "public" / key.name).read_bytes(),
        pem_of(ec.generate_private_key(ec.SECP256R1())),
        pem_of(rsa.generate_private_key(65537, 1024)),  # noqa: S505
        pem_of(strong, BestAvailableEncryption(b"passphrase")),
    ):
        (folder / "a.pem").write_bytes(content)
        with pytest.raises(ConfigurationError, match=r"a\.pem is not") as refused:
            SigningKey(folder, "a")
        assert "c2VjcmV0" not in str(refused.value)


def test_the_key_changes_while_the_issuer_runs_and_a_fault_changes_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    name(folder, "a")
    signing = SigningKey(folder)
    name(folder, "b")
    monkeypatch.setattr(signing_key, "LOOK_AGAIN_AFTER_SECONDS", 3600.0)
    assert signing.current()[0] == "a"
    monkeypatch.setattr(signing_key, "LOOK_AGAIN_AFTER_SECONDS", 0.0)
    kid, key = signing.current()
    assert (kid, key.key_size) == ("b", 2048)
    name(folder, "c")
    assert signing.current() == ("b", key)
    (folder / "a.pem").write_text("garbage")
    name(folder, "a")
    assert signing.current() == ("b", key)
    assert "still signed with key b" in caplog.text
