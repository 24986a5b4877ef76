"""`keys.generate`."""

import stat
from pathlib import Path

import pytest

from flask_chassis.auth.public_keys import SMALLEST_KEY_BITS, PublicKeys
from flask_chassis.tasks import keys

from .conftest import Run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a pair of keys, `first`."""
    root = tmp_path_factory.mktemp("pair")
    keys.write_pair(root, "first", bits=2048)
    return root


@pytest.fixture
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make keys as small as is allowed: larger ones take seconds."""
    monkeypatch.setattr(keys.write_pair, "__defaults__", (2048,))


@pytest.mark.usefixtures("_quick")
def test_a_private_key_is_for_its_owner_alone(run: Run, tmp_path: Path) -> None:
    done = run("keys.generate", "--kid=mine", f"--folder={tmp_path}")
    assert done.code == 0
    private = tmp_path / "private" / "mine.pem"
    assert str(private) in done.out
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert stat.S_IMODE(private.parent.stat().st_mode) == 0o700
    assert b"PRIVATE" not in (tmp_path / "public" / "mine.pem").read_bytes()
    assert "PRIVATE" not in done.out


@pytest.mark.usefixtures("_quick")
def test_a_key_gets_an_id_of_its_own(run: Run, tmp_path: Path) -> None:
    for _ in range(2):
        assert run("keys.generate", f"--folder={tmp_path}").code == 0
    assert len(list((tmp_path / "private").glob("*.pem"))) == 2
    public = PublicKeys(tmp_path / "public")
    for path in (tmp_path / "private").glob("*.pem"):
        assert public.get(path.stem) is not None


@pytest.mark.usefixtures("_quick")
def test_keys_that_are_made_once_are_made_once(run: Run, tmp_path: Path) -> None:
    for said in ("Made ", "There are keys in "):
        done = run("keys.generate", "--once", f"--folder={tmp_path}")
        assert done.code == 0
        assert done.out.startswith(said)
    assert len(list((tmp_path / "private").glob("*.pem"))) == 1


def test_a_key_is_never_overwritten(run: Run, folder: Path) -> None:
    before = (folder / "private" / "first.pem").read_bytes()
    refused = run("keys.generate", "--kid=first", f"--folder={folder}")
    assert refused.code == 1
    assert "There is a key first" in refused.error
    assert (folder / "private" / "first.pem").read_bytes() == before


@pytest.mark.parametrize("kid", ["../first", "a/b", ".", "..", "a b", "ü", "x" * 65])
def test_an_id_that_is_no_file_name_is_refused(run: Run, tmp_path: Path, kid: str) -> None:
    refused = run("keys.generate", f"--kid={kid}", f"--folder={tmp_path / 'keys'}")
    assert refused.code == 1
    assert refused.error.startswith(f"{kid!r} is not a valid key id")
    assert list(tmp_path.rglob("*.pem")) == []


def test_keys_are_large_enough() -> None:
    assert keys.BITS >= 3072 >= SMALLEST_KEY_BITS
