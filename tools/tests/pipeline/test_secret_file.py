"""Test `write-secret`: the file is readable only for its owner, and never empty."""

import base64
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


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_secret_of_one_line_is_decoded(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrapped: bool
) -> None:
    """A password field of one line loses the line breaks of a kubeconfig."""
    kubeconfig = f"apiVersion: v1\nkind: Config\nusers:\n{40 * '- name: ädä'}\n"
    encode = base64.encodebytes if wrapped else base64.b64encode
    monkeypatch.setenv("PLANTED", encode(kubeconfig.encode()).decode())
    file = tmp_path / "kubeconfig"
    done = run("write-secret", "--variable=PLANTED", f"--file={file}", "--base64")
    assert done.code == 0, done.error
    assert file.read_text() == kubeconfig


@pytest.mark.parametrize("content", ["apiVersion: v1", "abc", base64.b64encode(b"\xff").decode()])
def test_what_is_not_base64_is_refused(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    monkeypatch.setenv("PLANTED", content)
    failed = run("write-secret", "--variable=PLANTED", f"--file={tmp_path / 'x'}", "--base64")
    assert failed.code == 1
    assert "PLANTED is not text in base64. Make it with" in failed.error
    assert content not in failed.error
    assert not (tmp_path / "x").exists()
