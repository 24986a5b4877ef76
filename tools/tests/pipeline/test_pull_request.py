"""Test `pull-request.open` with git and a fake `gh` that records its calls."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from flask_chassis_tools import conflict_markers
from flask_chassis_tools.updates import unresolved

from ..conftest import Run

pytestmark = pytest.mark.skipif(not shutil.which("git"), reason="git is not installed here")

GH = """#!/bin/sh
echo "$*" >>"$NOTES"
case $2 in
    list) echo "$KNOWN" ;;
    create | edit) cat >>"$NOTES" && echo https://github.com/acme/service/pull/7 ;;
esac
"""

OPEN = ("pull-request.open", "--branch=template-update", "--title=Update", "--body-file=text.md")


def git(folder: Path, *words: str) -> str:
    """Run git and return its output."""
    command = ["git", "-C", folder, "-c", "user.name=Ada", "-c", "user.email=ada@acme.example"]
    done = subprocess.run([*command, *words], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def notes(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The calls of the fake `gh`."""
    program = tmp_path_factory.mktemp("bin") / "gh"
    program.write_text(GH)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/local/bin:/usr/bin:/bin")
    noted = program.with_name("notes")
    monkeypatch.setenv("NOTES", str(noted))
    monkeypatch.setenv("KNOWN", "[]")
    return noted


@pytest.fixture
def proposed(
    repository: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The remote of a repository with a changed file and without a configured git user."""
    origin = tmp_path_factory.mktemp("origin")
    git(repository, "clone", "--quiet", "--bare", str(repository), str(origin))
    git(repository, "remote", "add", "origin", str(origin))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", "/dev/null")
    (repository / "text.md").write_text("Action needed: none\n")
    return origin


def test_changes_are_pushed_and_a_pull_request_is_opened(
    run: Run, proposed: Path, notes: Path
) -> None:
    done = run(*OPEN)
    assert done.code == 0, done.error
    assert done.out.endswith("https://github.com/acme/service/pull/7\n")
    assert git(proposed, "show", "template-update:text.md") == "Action needed: none"
    said = git(proposed, "log", "-1", "--format=%s %an %ae", "template-update")
    assert said == "Update Team team@acme.example"
    assert notes.read_text().splitlines() == [
        "pr list --head=template-update --json=number",
        "pr create --head=template-update --title=Update --body-file=-",
        "Action needed: none",
    ]


@pytest.mark.parametrize(
    "address", ["git@github.com:acme/service.git", "ssh://git@github.com/acme/service"]
)
def test_a_clone_over_ssh_pushes_with_the_token(
    run: Run,
    proposed: Path,
    notes: Path,
    repository: Path,
    monkeypatch: pytest.MonkeyPatch,
    address: str,
) -> None:
    """On TeamCity the server has the SSH key, and the build a token."""
    git(repository, "remote", "set-url", "origin", address)
    # No host is asked: this is where the address over HTTPS leads.
    https = "https://github.com/acme/service.git"
    git(repository, "config", f"url.{proposed}.insteadOf", https)
    monkeypatch.setenv("GIT_SSH_COMMAND", "false")
    assert run(*OPEN).code == 1
    monkeypatch.setenv("GH_TOKEN", "planted")
    done = run(*OPEN)
    assert (done.code, done.error) == (0, "")
    assert git(proposed, "log", "--format=%s", "-1", "template-update") == "Update"


@pytest.mark.parametrize("address", ["git@git.acme.example:a/b.git", "https://github.com/a/b"])
def test_other_remotes_stay_as_they_are(
    repository: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    from flask_chassis_tools.pipeline import gh

    git(repository, "remote", "add", "origin", address)
    monkeypatch.setenv("GH_TOKEN", "planted")
    assert gh.remote() == "origin"


def test_an_open_pull_request_is_updated(
    run: Run, proposed: Path, notes: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(*OPEN).code == 0
    monkeypatch.setenv("KNOWN", json.dumps([{"number": 7}]))
    git(repository, "checkout", "--quiet", "main")
    (repository / "text.md").write_text("Action needed: migrate\n")
    done = run(*OPEN)
    assert done.code == 0, done.error
    assert git(proposed, "show", "template-update:text.md") == "Action needed: migrate"
    assert git(proposed, "rev-list", "--count", "main..template-update") == "1"
    assert "pr edit 7 --title=Update --body-file=-" in notes.read_text()


@pytest.mark.parametrize(
    ("words", "subject"),
    [(["--message=Mend the tests"], "Mend the tests"), (["--amend", "--no-edit"], "Update")],
)
def test_commits_of_others_on_the_branch_are_kept(
    run: Run, proposed: Path, notes: Path, repository: Path, words: list[str], subject: str
) -> None:
    assert run(*OPEN).code == 0
    asked = notes.read_text()
    other = notes.with_name("checkout")
    git(proposed, "clone", "--quiet", "--branch=template-update", str(proposed), str(other))
    (other / "text.md").write_text("Mended.\n")
    git(other, "commit", "--quiet", "--all", *words)
    git(other, "push", "--quiet", "--force", "origin", "template-update")
    git(repository, "checkout", "--quiet", "main")
    (repository / "text.md").write_text("Action needed: migrate\n")
    failed = run(*OPEN)
    assert failed.code == 1
    somebody = "Ada <ada@acme.example>"
    assert f"to the branch template-update: {subject} ({somebody})." in failed.error
    assert git(proposed, "show", "template-update:text.md") == "Mended."
    assert git(repository, "branch", "--show-current") == "main"
    assert notes.read_text() == asked


def test_a_pull_request_with_conflicts_is_a_draft_that_lists_them(
    run: Run,
    proposed: Path,
    notes: Path,
    repository: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = repository / "planted.md"
    for branch in ("theirs", "ours"):
        git(repository, "switch", "--quiet", "--force-create", branch, "main")
        file.write_text(f"{branch}\n")
        git(repository, "add", "planted.md")
        git(repository, "commit", "--quiet", "--message=Change", "planted.md")
    with pytest.raises(subprocess.CalledProcessError):
        git(repository, "merge", "--quiet", "--no-commit", "theirs")
    git(repository, "merge", "--quit")  # an update leaves conflicts, but no merge
    done = run(*OPEN)
    assert done.code == 0, done.error
    assert git(proposed, "show", "template-update:planted.md").startswith("<<<<<<< ")
    mark = git(proposed, "show", f"template-update:{unresolved.FILE}")
    assert "- `planted.md`: not merged" in mark
    assert " --body-file=- --draft\n# Conflicts of an update" in notes.read_text()

    # The branch is red: not all conflicts are markers.
    monkeypatch.chdir(repository)
    assert conflict_markers.main([]) == 1
    file.write_text("resolved\n")
    assert conflict_markers.main([]) == 1
    git(repository, "rm", "--quiet", unresolved.FILE)
    assert conflict_markers.main([]) == 0


def test_a_pull_request_with_something_left_to_mend_becomes_a_draft(
    run: Run, proposed: Path, notes: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KNOWN", json.dumps([{"number": 7}]))
    (repository / "text.md").write_text("Tests.\n" * 10_000 + "Left to mend: tests failed.\n")
    assert run(*OPEN).code == 0
    assert notes.read_text().endswith("pr ready 7 --undo\n")


def test_a_text_that_is_too_long_for_github_is_cut(
    run: Run, proposed: Path, notes: Path, repository: Path
) -> None:
    (repository / "text.md").write_text("Action needed: read\n" + "a test passed\n" * 10_000)
    assert run(*OPEN).code == 0
    noted = notes.read_text()
    assert "Action needed: read" in noted
    assert 60_000 <= len(noted) < 61_000


def test_no_pull_request_is_opened_without_changes(
    run: Run, proposed: Path, notes: Path, repository: Path
) -> None:
    (repository / "text.md").unlink()
    done = run(*OPEN)
    assert (done.code, done.out) == (0, "No changes: no pull request was opened.\n")
    assert git(proposed, "branch", "--list", "template-update") == ""
    assert not notes.exists()


def test_the_github_cli_is_required_before_any_change(
    run: Run, proposed: Path, notes: Path, repository: Path
) -> None:
    notes.with_name("gh").unlink()
    failed = run(*OPEN)
    assert failed.code == 1
    assert failed.error.startswith("The GitHub CLI gh is required")
    assert git(repository, "branch", "--show-current") == "main"


def test_an_error_of_git_is_reported(
    run: Run, proposed: Path, notes: Path, repository: Path
) -> None:
    git(repository, "remote", "set-url", "origin", str(repository.parent / "nowhere.git"))
    failed = run(*OPEN)
    assert failed.code == 1
    assert "nowhere.git" in failed.error


COMMIT = ("pull-request.commit", *OPEN[1:], "--bundle=update.bundle")


def next_job(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Leave nothing of a job but its two files, as the checkout of the next one."""
    kept = tmp_path_factory.mktemp("artifacts")
    for name in ("text.md", "update.bundle"):
        if (repository / name).is_file():
            shutil.move(repository / name, kept / name)
    git(repository, "checkout", "--quiet", "--force", "--detach", "main")
    git(repository, "clean", "--quiet", "--force")
    if git(repository, "branch", "--list", "template-update"):
        git(repository, "branch", "--quiet", "--delete", "--force", "template-update")
    for path in kept.iterdir():
        shutil.move(path, repository / path.name)


@pytest.mark.parametrize("left", ["", "Left to mend: tests failed.\n"])
def test_one_job_commits_and_another_one_opens_the_pull_request(
    run: Run,
    proposed: Path,
    notes: Path,
    repository: Path,
    tmp_path_factory: pytest.TempPathFactory,
    left: str,
) -> None:
    (repository / ".gitignore").write_text("text.md\n*.bundle\n")
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message=second")
    (repository / "app.py").write_text("new\n")
    (repository / "text.md").write_text(f"{left}Action needed: none\n")
    done = run(*COMMIT)
    assert (done.code, done.error) == (0, "")
    assert done.out == "Committed to template-update: update.bundle\n"
    assert not notes.exists()
    next_job(repository, tmp_path_factory)

    done = run(*OPEN, "--bundle=update.bundle")
    assert done.code == 0, done.error
    assert git(proposed, "show", "template-update:app.py") == "new"
    [_, opened, *text] = notes.read_text().splitlines()
    assert opened.endswith("--draft") == bool(left)
    assert text[-1] == "Action needed: none"


def test_conflicts_reach_the_next_job(
    run: Run,
    proposed: Path,
    notes: Path,
    repository: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    git(repository, "switch", "--quiet", "--create", "other")
    for branch, text in {"other": "theirs\n", "main": "ours\n"}.items():
        git(repository, "switch", "--quiet", branch)
        (repository / "app.py").write_text(text)
        git(repository, "add", "app.py")
        git(repository, "commit", "--quiet", "--message=app")
    with pytest.raises(subprocess.CalledProcessError):
        git(repository, "cherry-pick", "--no-commit", "other")
    assert run(*COMMIT).code == 0
    next_job(repository, tmp_path_factory)
    assert run(*OPEN, "--bundle=update.bundle").code == 0
    assert "- `app.py`: not merged" in git(proposed, "show", f"template-update:{unresolved.FILE}")
    assert "--draft" in notes.read_text()
    assert "- `app.py`: not merged" in notes.read_text()


def test_without_changes_neither_job_does_anything(
    run: Run, proposed: Path, notes: Path, repository: Path
) -> None:
    (repository / "text.md").unlink()
    assert run(*COMMIT).out == "No changes: nothing was committed.\n"
    done = run(*OPEN, "--bundle=update.bundle")
    assert (done.code, done.out) == (0, "No changes: no pull request was opened.\n")
    assert not notes.exists()
