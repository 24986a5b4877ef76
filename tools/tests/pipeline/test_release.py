"""Test `release.create` with git and a fake `gh` that records its calls."""

import shutil
import subprocess
from pathlib import Path

import pytest

from ..conftest import Run

pytestmark = pytest.mark.skipif(not shutil.which("git"), reason="git is not installed here")

GH = """#!/bin/sh
echo "$*" >>"$NOTES"
case $2 in
    view) exit "$EXISTS" ;;
    *) cat >>"$NOTES" ;;
esac
"""

DIGEST = f"sha256:{'0f' * 32}"
IMAGE = f"Image: `registry.acme.example/planted:v1.1.0@{DIGEST}`"
CREATE = ("release.create", "--tag=v1.1.0", f"--digest={DIGEST}")


def git(folder: Path, *words: str) -> None:
    """Run git."""
    person = ["-c", "user.name=Ada", "-c", "user.email=ada@acme.example"]
    subprocess.run(["git", "-C", folder, *person, *words], check=True, capture_output=True)


@pytest.fixture
def notes(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The calls of the fake `gh`."""
    program = tmp_path_factory.mktemp("bin") / "gh"
    program.write_text(GH)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/local/bin:/usr/bin:/bin")
    monkeypatch.setenv("NOTES", str(program.with_name("notes")))
    monkeypatch.setenv("EXISTS", "1")
    return program.with_name("notes")


@pytest.fixture
def tagged(repository: Path) -> Path:
    """A repository with two tags, whose last commit is on the main branch of its origin."""
    git(repository, "tag", "v1.0.0")
    git(repository, "commit", "--quiet", "--allow-empty", "--message=Send invoices")
    git(repository, "tag", "v1.1.0")
    git(repository, "update-ref", "refs/remotes/origin/main", "HEAD")
    return repository


def test_a_release_lists_the_commits_and_names_the_image(
    run: Run, tagged: Path, notes: Path
) -> None:
    done = run(*CREATE)
    assert done.code == 0, done.error
    _, create, change, empty, image = notes.read_text().splitlines()
    assert create == "release create v1.1.0 --verify-tag --title=v1.1.0 --notes-file=-"
    assert change.startswith("- Send invoices (")
    assert (empty, image) == ("", IMAGE)


def test_a_first_release_lists_all_commits(run: Run, tagged: Path, notes: Path) -> None:
    done = run("release.create", "--tag=v1.0.0", f"--digest={DIGEST}")
    assert done.code == 0, done.error
    assert "- first (" in notes.read_text()


@pytest.mark.parametrize("heading", ["## [1.1.0] - 2026-11-30", "## 1.1.0", "## v1.1.0"])
def test_a_release_has_its_section_of_the_changelog(
    run: Run, tagged: Path, notes: Path, heading: str
) -> None:
    lines = ("## 1.1.0.1", "another", heading, "### Added", "- Invoices.", "## 1.0.0", "old")
    (tagged / "CHANGELOG.md").write_text("\n\n".join(lines))
    assert run(*CREATE).code == 0
    assert notes.read_text().splitlines()[2:] == ["### Added", "", "- Invoices.", "", IMAGE]


def test_a_changelog_without_the_section_is_told(run: Run, tagged: Path, notes: Path) -> None:
    (tagged / "CHANGELOG.md").write_text("# Changes\n\n## Unreleased\n\n- Invoices.\n")
    done = run(*CREATE)
    assert "CHANGELOG.md has no section 1.1.0: the release lists the commits." in done.out
    assert "- Send invoices (" in notes.read_text()


def test_a_second_run_replaces_the_text(
    run: Run, tagged: Path, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXISTS", "0")
    assert run(*CREATE).code == 0
    assert notes.read_text().splitlines()[1] == "release edit v1.1.0 --notes-file=-"


def test_a_hotfix_is_released(run: Run, tagged: Path, notes: Path) -> None:
    git(tagged, "update-ref", "-d", "refs/remotes/origin/main")
    git(tagged, "update-ref", "refs/remotes/origin/hotfix/1.1", "HEAD")
    assert run(*CREATE).code == 0


def test_a_commit_that_nobody_has_reviewed_is_not_released(
    run: Run, tagged: Path, notes: Path
) -> None:
    git(tagged, "update-ref", "refs/remotes/origin/main", "v1.0.0")
    git(tagged, "update-ref", "refs/remotes/origin/feature", "HEAD")
    failed = run(*CREATE)
    assert failed.code == 1
    assert "is on neither main nor a branch hotfix/*" in failed.error
    assert not notes.exists()
