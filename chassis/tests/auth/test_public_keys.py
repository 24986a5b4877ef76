"""The folder of public keys: which files are keys, and that it is re-read on change."""

import shutil
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from flask_chassis.auth import public_keys
from flask_chassis.auth.public_keys import PublicKeys
from flask_chassis.exceptions import ConfigurationError


@pytest.fixture
def folder(key: Path, tmp_path: Path) -> Path:
    """A folder with one public key, `first`."""
    shutil.copy(public_half_of(key), tmp_path / "first.pem")
    return tmp_path


@pytest.fixture
def looked_at_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the folder looked at whenever a key is asked for, so that no test has to wait."""
    monkeypatch.setattr(public_keys, "LOOK_AGAIN_AFTER_SECONDS", 0.0)


def public_half_of(private: Path) -> Path:
    """Return the path of a key's public half."""
    return private.parent.parent / "public" / private.name


def test_a_key_is_known_by_its_files_name(folder: Path) -> None:
    assert PublicKeys(folder).get("first") is not None
    assert PublicKeys(folder).get("second") is None


def test_several_keys_are_known_at_once(folder: Path, other_key: Path) -> None:
    shutil.copy(public_half_of(other_key), folder / "second.pem")
    known = PublicKeys(folder)
    assert known.get("first") != known.get("second")
    assert known.get("first") is not None


@pytest.mark.usefixtures("looked_at_each_time")
def test_keys_come_and_go_while_the_service_runs(folder: Path, other_key: Path) -> None:
    known = PublicKeys(folder)
    shutil.copy(public_half_of(other_key), folder / "second.pem")
    assert known.get("second") is not None
    (folder / "first.pem").unlink()
    assert known.get("first") is None
    assert known.get("second") is not None


@pytest.mark.usefixtures("looked_at_each_time")
def test_a_key_is_replaced_while_the_service_runs(folder: Path, other_key: Path) -> None:
    known = PublicKeys(folder)
    before = known.get("first")
    shutil.copy(public_half_of(other_key), folder / "first.pem")
    assert known.get("first") != before


@pytest.mark.usefixtures("looked_at_each_time")
def test_keys_change_as_kubernetes_changes_them(key: Path, other_key: Path, tmp_path: Path) -> None:
    """A mounted secret is links through `..data`, which is swapped for another in one step."""
    for version, private in {"..1": key, "..2": other_key}.items():
        (tmp_path / version).mkdir()
        shutil.copy(public_half_of(private), tmp_path / version / "current.pem")
    (tmp_path / "..data").symlink_to("..1")
    (tmp_path / "current.pem").symlink_to("..data/current.pem")
    known = PublicKeys(tmp_path)
    before = known.get("current")
    (tmp_path / "..data_tmp").symlink_to("..2")
    (tmp_path / "..data_tmp").rename(tmp_path / "..data")
    assert known.get("current") is not None
    assert known.get("current") != before


def test_the_folder_is_looked_at_no_more_often_than_said(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = PublicKeys(folder)
    monkeypatch.setattr(public_keys, "LOOK_AGAIN_AFTER_SECONDS", 3600.0)
    (folder / "first.pem").unlink()
    assert known.get("first") is not None
    monkeypatch.setattr(public_keys, "LOOK_AGAIN_AFTER_SECONDS", 0.0)
    assert known.get("first") is None


def test_a_removed_key_is_refused_within_seconds() -> None:
    assert public_keys.LOOK_AGAIN_AFTER_SECONDS <= 5


def test_a_file_that_is_no_usable_key_is_left_out(
    folder: Path, key: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    small = rsa.generate_private_key(65537, 1024).public_key()  # noqa: S505  (it is refused)
    elliptic = ec.generate_private_key(ec.SECP256R1()).public_key()
    for name, other in {"small": small, "elliptic": elliptic}.items():
        pem = other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        (folder / f"{name}.pem").write_bytes(pem)
    shutil.copy(key, folder / "private.pem")
    (folder / "broken.pem").write_text("-----BEGIN PUBLIC KEY-----\nbroken")
    (folder / "empty.pem").touch()
    (folder / "folder.pem").mkdir()
    (folder / "dangling.pem").symlink_to("nowhere")
    (folder / "endless.pem").symlink_to("endless.pem")
    shutil.copy(folder / "first.pem", folder / "first.pem.bak")

    known = PublicKeys(folder)

    assert known.get("first") is not None
    left_out = ["small", "elliptic", "private", "broken", "empty", "folder", "dangling", "endless"]
    assert [name for name in [*left_out, "first.pem"] if known.get(name)] == []
    logged = caplog.text + capfd.readouterr().out
    assert [name for name in left_out if f"{name}.pem" not in logged] == []


def test_a_missing_folder_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigurationError, match=r"no folder .*missing.*tokens.public_keys_folder.*keys\.generate"
    ):
        PublicKeys(tmp_path / "missing")


def test_a_folder_without_a_key_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigurationError, match=r"no usable public key .*public_keys_folder.*generate"
    ):
        PublicKeys(tmp_path)


def test_a_folder_with_private_keys_alone_stops_the_start(key: Path) -> None:
    with pytest.raises(ConfigurationError, match="no usable public key"):
        PublicKeys(key.parent)
