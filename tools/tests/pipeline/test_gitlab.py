"""Test releases and merge requests on GitLab, with git and a server in the place of GitLab."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..conftest import Run
from .gitlab_api import JOB_TOKEN, TOKEN, GitLab, running

pytestmark = pytest.mark.skipif(not shutil.which("git"), reason="git is not installed here")

DIGEST = f"sha256:{'0f' * 32}"
CREATE = ("release.create", "--tag=v1.1.0", f"--digest={DIGEST}")
OPEN = ("pull-request.open", "--branch=template-update", "--title=Update", "--body-file=text.md")


def git(folder: Path, *words: str) -> str:
    """Run git and return its output."""
    command = ["git", "-C", folder, "-c", "user.name=Ada", "-c", "user.email=ada@acme.example"]
    done = subprocess.run([*command, *words], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def origin(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Path:
    """The project's repository on the server."""
    found = tmp_path_factory.mktemp("acme") / "planted.git"
    git(repository, "clone", "--quiet", "--bare", str(repository), str(found))
    git(repository, "checkout", "--quiet", "--detach")
    return found


@pytest.fixture
def gitlab(origin: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GitLab]:
    """The server, and a job of it."""
    with running() as server:
        variables = {
            "GITLAB_CI": "true",
            "CI_API_V4_URL": f"{server.url}/api/v4",
            "CI_DEFAULT_BRANCH": "main",
            "CI_JOB_TOKEN": JOB_TOKEN,
            "CI_PROJECT_ID": "42",
            "CI_PROJECT_URL": f"file://{origin.with_suffix('')}",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_CONFIG_SYSTEM": "/dev/null",
            "TEMPLATE_UPDATE_TOKEN": TOKEN,
        }
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        yield server


@pytest.fixture
def tagged(repository: Path) -> Path:
    """A repository with a tag on the main branch of its origin."""
    git(repository, "tag", "v1.1.0")
    git(repository, "update-ref", "refs/remotes/origin/main", "HEAD")
    return repository


def test_a_tag_becomes_a_release(run: Run, gitlab: GitLab, tagged: Path) -> None:
    done = run(*CREATE)
    assert done.code == 0, done.error
    assert done.out.endswith("Released: /v1.1.0\n")
    text = gitlab.releases["v1.1.0"]["description"]
    assert text.startswith("- first (")
    assert text.endswith(f"\n\nImage: `registry.acme.example/planted:v1.1.0@{DIGEST}`\n")


def test_a_second_run_replaces_the_text(run: Run, gitlab: GitLab, tagged: Path) -> None:
    assert run(*CREATE).code == 0
    (tagged / "CHANGELOG.md").write_text("## 1.1.0\n\n- Invoices.\n")
    done = run(*CREATE)
    assert done.code == 0, done.error
    assert gitlab.releases["v1.1.0"]["description"].startswith("- Invoices.\n")


def test_a_refusal_is_reported(
    run: Run, gitlab: GitLab, tagged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI_JOB_TOKEN", "another")
    failed = run(*CREATE)
    assert failed.code == 1
    assert failed.error == 'GitLab, POST releases: 401 {"message": "401 Unauthorized"}\n'


def test_a_server_that_does_not_respond_is_reported(
    run: Run, gitlab: GitLab, tagged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI_API_V4_URL", "http://127.0.0.1:1/api/v4")
    failed = run(*CREATE)
    assert failed.code == 1
    assert "GitLab, GET releases/v1.1.0: " in failed.error


def test_changes_become_a_merge_request_that_the_next_run_updates(
    run: Run, gitlab: GitLab, origin: Path, repository: Path
) -> None:
    (repository / "text.md").write_text("Action needed: none\n\nAnd more.\n")
    done = run(*OPEN)
    assert done.code == 0, done.error
    assert done.out == f"{gitlab.url}/1\n"
    [opened] = gitlab.merge_requests
    assert opened["description"] == "Action needed: none\n\nAnd more.\n"
    assert (opened["title"], opened["target_branch"]) == ("Update", "main")
    assert git(origin, "show", "template-update:text.md").startswith("Action needed: none")

    git(repository, "checkout", "--quiet", "main")
    (repository / "text.md").write_text("Left to mend: tests failed.\n")
    done = run(*OPEN)
    assert done.code == 0, done.error
    [opened] = gitlab.merge_requests
    assert opened["title"] == "Draft: Update"
    assert opened["description"].startswith("Left to mend")
    assert git(origin, "rev-list", "--count", "main..template-update") == "1"


def test_a_merge_request_that_was_closed_stays_so(
    run: Run, gitlab: GitLab, repository: Path
) -> None:
    gitlab.merge_requests.append(
        {"iid": 1, "state": "closed", "source_branch": "template-update", "title": "Old"}
    )
    (repository / "text.md").write_text("Action needed: none\n")
    assert run(*OPEN).code == 0
    assert [each["title"] for each in gitlab.merge_requests] == ["Old", "Update"]


def test_the_token_is_required_before_any_change(
    run: Run, gitlab: GitLab, origin: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TEMPLATE_UPDATE_TOKEN")
    (repository / "text.md").write_text("Action needed: none\n")
    failed = run(*OPEN)
    assert failed.code == 1
    assert failed.error.startswith("Set TEMPLATE_UPDATE_TOKEN: a project access token")
    assert git(origin, "branch", "--list", "template-update") == ""
    assert gitlab.merge_requests == []


def test_git_logs_in_with_the_token_and_nothing_else(
    gitlab: GitLab, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flask_chassis_tools.pipeline import pull_request

    git(repository, "config", "credential.helper", "!echo username=x; echo password=another; :")
    done = subprocess.run(
        ["git", "-C", repository, *pull_request.AS_GITLAB, "credential", "fill"],
        input="protocol=https\nhost=gitlab.acme.example\n\n",
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"\nusername=oauth2\npassword={TOKEN}\n" in f"\n{done.stdout}"
