"""Test that conflict markers are refused in all tracked files, and nothing else is."""

import subprocess
from pathlib import Path

import pytest

from flask_chassis_tools import conflict_markers
from flask_chassis_tools.updates import switch, unresolved
from flask_chassis_tools.updates.scratch import Scratch

from .updates.merges import updated

WHOLE = "first\n<<<<<<< HEAD\nours\n=======\ntheirs\n>>>>>>> template-v1.2.0\nlast\n"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (WHOLE, [2]),
        (WHOLE * 2, [2, 9]),
        (WHOLE.replace("\n", "\r\n"), [2]),
        (WHOLE.replace("=======", "||||||| base\nold\n======="), [2]),
        ("<<<<<<< HEAD\nours\n=======\ntheirs\n", [1]),
        ("ours\n=======\ntheirs\n>>>>>>> template\n", [2]),
        ("<<<<<<< HEAD\nours\n>>>>>>> template\n", [1]),
        ("Heading\n=======\n\nText.\n", []),
        ("Look for `<<<<<<< HEAD` and `>>>>>>> template`.\n", []),
        ("    <<<<<<< HEAD\n    =======\n    >>>>>>> template\n", []),
        ("<<<<<<< HEAD\n", []),
        (">>>>>>> template\n", []),
        ("<<<<<<<<<< a\n==========\n>>>>>>>>>> b\n", []),
    ],
)
def test_conflicts_are_found_by_two_of_their_markers(text: str, lines: list[int]) -> None:
    assert conflict_markers.lines_of(text.encode()) == lines


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty repository, in which the program runs."""
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_tracked_text_is_looked_at(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ("README.md", "a/b.kt", "ü.txt", "latin.txt", "settings.yaml")
    for name in names:
        (repository / name).parent.mkdir(exist_ok=True)
        (repository / name).write_text(WHOLE)
    (repository / "latin.txt").write_bytes(b"\xe4\n" + WHOLE.encode())
    (repository / "binary").write_bytes(b"\0" + WHOLE.encode())
    (repository / "link").symlink_to("README.md")
    subprocess.run(["git", "add", "--all"], cwd=repository, check=True)
    (repository / "untracked.txt").write_text(WHOLE)
    (repository / "settings.yaml").unlink()
    assert conflict_markers.main([]) == 1
    *found, advice = capsys.readouterr().out.splitlines()
    assert found == [
        "README.md:2: conflict marker",
        "a/b.kt:2: conflict marker",
        "latin.txt:3: conflict marker",
        "ü.txt:2: conflict marker",
    ]
    assert advice.startswith("Resolve the conflicts")
    assert conflict_markers.main(["untracked.txt"]) == 1


def test_without_a_repository_it_is_said_that_nothing_was_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.chdir(tmp_path)
    assert conflict_markers.main([]) == 0
    assert "no git repository" in capsys.readouterr().out


def test_a_branch_with_conflicts_is_marked_also_if_no_file_has_a_marker(tmp_path: Path) -> None:
    """A file that the template deleted and the service edited stays, without a marker."""
    update = updated(tmp_path, old={"a": b"1\n", "b": b"1\n"}, new={}, ours={"a": b"2\n"})
    assert update.merged.conflicts == {"a": "modify/delete"}
    scratch: Scratch = update.scratch
    switch.to_branch(scratch, update.tree, "template/v1", "Update", update.merged.conflicts)
    subprocess.run(["git", "switch", "--quiet", "template/v1"], cwd=update.service, check=True)
    names = conflict_markers.tracked(update.service)
    [found] = conflict_markers.faults(update.service, names)
    assert found.startswith(f"{unresolved.FILE}: lists conflicts.")
    assert "- `a`: modify/delete\n" in (update.service / unresolved.FILE).read_text()


def test_a_branch_without_conflicts_is_not_marked(tmp_path: Path) -> None:
    update = updated(tmp_path, old={"a": b"1\n"}, new={"a": b"2\n"}, ours={"a": b"1\n"})
    switch.to_branch(update.scratch, update.tree, "template/v1", "Update", {})
    subprocess.run(["git", "switch", "--quiet", "template/v1"], cwd=update.service, check=True)
    assert not (update.service / unresolved.FILE).exists()


def test_a_repository_that_git_does_not_trust_is_a_failure(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A container often runs as another user than the owner of the checkout."""
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    assert conflict_markers.main([]) == 1
    assert "dubious ownership" in capsys.readouterr().out
