"""Test `deployment.request`: with a fake `gh` that records its calls, and a server for GitLab."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from ..conftest import Run
from .gitlab_api import TOKEN, running

GH = """#!/bin/sh
echo "$*" >>"$NOTES"
case "$1 $2" in
    "run list") echo "$WAITING" ;;
    "workflow run") [ -z "$FAULT" ] || { echo "$FAULT" >&2; exit 1; } ;;
esac
"""

DIGEST = f"sha256:{'0f' * 32}"
REQUEST = ("deployment.request", "--stage=production", "--tag=v1.2", f"--digest={DIGEST}")


@pytest.fixture
def stages(checkout: Path) -> Path:
    """A checkout of a service on GitHub, with three stages."""
    for stage in ("development", "staging", "production"):
        overlay = checkout / "infra" / "kubernetes" / "overlays" / stage / "kustomization.yaml"
        overlay.parent.mkdir(parents=True)
        overlay.touch()
    workflow = checkout / ".github" / "workflows" / "deploy.yaml"
    workflow.parent.mkdir(parents=True)
    workflow.touch()
    return checkout


@pytest.fixture(autouse=True)
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The calls of the fake `gh`."""
    program = tmp_path / "gh"
    program.write_text(GH)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("NOTES", str(tmp_path / "notes"))
    waiting = ["v1.1 to production, follows main", "v1.0 to production", "v1 to staging"]
    runs = [{"databaseId": number, "displayTitle": title} for number, title in enumerate(waiting)]
    monkeypatch.setenv("WAITING", json.dumps(runs))
    return tmp_path / "notes"


def test_a_person_starts_a_run_and_ends_none(run: Run, stages: Path, notes: Path) -> None:
    done = run(*REQUEST, "--ref=hotfix/1.2")
    assert (done.code, done.error) == (0, "")
    assert done.out == "Requested: v1.2 to production, with the manifests of hotfix/1.2.\n"
    fields = ("stage=production", "tag=v1.2", f"digest={DIGEST}", "follows=false")
    words = " ".join(f"--raw-field={field}" for field in fields)
    assert notes.read_text() == f"workflow run deploy.yaml --ref=hotfix/1.2 {words}\n"


def test_the_next_version_of_a_branch_ends_requests_that_nobody_has_approved(
    run: Run, stages: Path, notes: Path
) -> None:
    done = run(*REQUEST, "--follow")
    assert (done.code, done.error) == (0, "")
    assert "Cancelled, as nobody had approved it: v1.1 to production, follows main" in done.out
    calls = notes.read_text().splitlines()
    assert [call.split(" --")[0] for call in calls] == [
        "run list",
        "workflow run deploy.yaml",
        "run cancel 0",
    ]
    assert "--branch=main --status=waiting" in calls[0]


@pytest.mark.skipif(not shutil.which("git"), reason="git is not installed here")
def test_a_slow_pipeline_does_not_end_the_request_of_a_later_commit(
    run: Run, stages: Path, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for words in (
        "init --quiet --initial-branch=main",
        *(f"commit --quiet --allow-empty --message={version}" for version in ("v1.0", "v1.1")),
        "tag v1.1",
        "checkout --quiet HEAD~1",
    ):
        git = ("git", "-c", "user.name=Ada", "-c", "user.email=ada@acme.example")
        subprocess.run([*git, *words.split()], cwd=stages, check=True)
    done = run(*REQUEST, "--follow")
    assert (done.code, done.error) == (0, "")
    assert done.out == (
        "Nothing is requested: a later commit waits for an approval already: "
        "v1.1 to production, follows main\n"
    )
    assert [call.split(" --")[0] for call in notes.read_text().splitlines()] == ["run list"]
    # The next commit does.
    subprocess.run(["git", "checkout", "--quiet", "v1.1"], cwd=stages, check=True)
    assert "Cancelled" in run(*REQUEST, "--follow").out


def test_nothing_is_ended_if_the_run_does_not_start(
    run: Run, stages: Path, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAULT", "HTTP 403: Resource not accessible by integration")
    failed = run(*REQUEST, "--follow")
    assert failed.code == 1
    assert failed.error.startswith("gh workflow run: HTTP 403")
    assert "run cancel" not in notes.read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--stage=prod", "--tag=v1"], "Known: development, production, staging."),
        (["--stage=production", "--tag=latest"], "The tag latest is not allowed"),
        (["--stage=production", "--tag=v1", "--digest=x"], "'x' is not a digest"),
    ],
)
def test_what_cannot_be_deployed_is_not_requested(
    run: Run, stages: Path, notes: Path, words: list[str], said: str
) -> None:
    failed = run("deployment.request", *words)
    assert failed.code == 2
    assert said in failed.error
    assert not notes.exists()


def test_on_gitlab_a_pipeline_is_started_with_inputs(
    run: Run, stages: Path, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (stages / ".gitlab-ci.yml").touch()
    assert run(*REQUEST).error.startswith("Set GITLAB_TOKEN: a personal access token")
    with running() as gitlab:
        for words in (
            ("init", "--quiet"),
            ("remote", "add", "origin", f"{gitlab.url}/acme/planted.git"),
        ):
            subprocess.run(["git", *words], cwd=stages, check=True)
        monkeypatch.setenv("GITLAB_TOKEN", TOKEN)
        done = run(*REQUEST, "--ref=hotfix/1.2")
        assert (done.code, done.error) == (0, "")
        assert done.out.endswith(f"manifests of hotfix/1.2. {gitlab.url}/pipelines/1\n")
        inputs = {"action": "deploy", "stage": "production", "tag": "v1.2", "digest": DIGEST}
        assert gitlab.pipelines == [{"ref": "hotfix/1.2", "inputs": inputs}]
        follows = run(*REQUEST, "--follow")
        assert follows.code == 2
        assert follows.error.startswith("On GitLab, a pipeline has its own job for production")
        monkeypatch.setenv("GITLAB_TOKEN", "another")
        assert "401 Unauthorized" in run(*REQUEST).error
    assert not notes.exists()


def test_on_teamcity_the_build_is_named(run: Run, stages: Path, notes: Path) -> None:
    (stages / ".github" / "workflows" / "deploy.yaml").unlink()
    failed = run(*REQUEST)
    assert failed.code == 2
    assert "On TeamCity, run the build `Deploy a version to production`." in failed.error
