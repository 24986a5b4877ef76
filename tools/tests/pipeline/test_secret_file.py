"""Test `write-secret`: the file is readable only for its owner, and never empty."""

import stat
from pathlib import Path

import pytest

from ..conftest import Run


def test_a_secret_is_readable_only_for_this_user(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "folder" / "kubeconfig"
    monkeypatch.setenv("PLANTED", "apiVersion: v1\nkind: Config")
    done = run("write-secret", "--variable=PLANTED", f"--file={file}")
    assert done.code == 0, done.error
    assert file.read_text() == "apiVersion: v1\nkind: Config\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "Config" not in done.out


def test_a_file_that_others_can_read_is_replaced(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "kubeconfig"
    file.write_text("older and longer than what comes\n")
    file.chmod(0o644)
    monkeypatch.setenv("PLANTED", "new")
    assert run("write-secret", "--variable=PLANTED", f"--file={file}").code == 0
    assert (file.read_text(), stat.S_IMODE(file.stat().st_mode)) == ("new\n", 0o600)


def test_no_file_is_written_without_a_secret(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLANTED", "")
    failed = run("write-secret", "--variable=PLANTED", f"--file={tmp_path / 'kubeconfig'}")
    assert failed.code == 1
    assert failed.error == "PLANTED is not set or empty. No file was written.\n"
    assert not (tmp_path / "kubeconfig").exists()
