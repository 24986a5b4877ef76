"""Test that a slow pipeline does not take a stage back to an older commit of its branch."""

import shutil
import subprocess
from pathlib import Path

import pytest
from flask_chassis import project

from flask_chassis_tools.kubernetes import order

from ..conftest import Run
from .cluster import VERSION, Cluster, deploy

pytestmark = pytest.mark.skipif(not shutil.which("git"), reason="git is not installed here")


@pytest.fixture
def history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository at v1.1, with a commit and a tag before and after it, and another branch."""
    folder = tmp_path / "history"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    for tag in ("v1.0", "v1.1", "v1.2"):
        git(folder, "commit", "--quiet", "--allow-empty", f"--message={tag}")
        git(folder, "tag", tag)
    git(folder, "switch", "--quiet", "--create=hotfix", "v1.0")
    git(folder, "commit", "--quiet", "--allow-empty", "--message=fix")
    git(folder, "tag", "v1.0.1")
    git(folder, "switch", "--quiet", "--detach", "v1.1")
    monkeypatch.setattr(project, "working_folder", lambda: folder)
    return folder


def git(folder: Path, *words: str) -> str:
    """Run git and return its output."""
    person = ["-c", "user.name=Ada", "-c", "user.email=ada@acme.example"]
    command = ["/usr/bin/env", "git", "-C", folder, *person, *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.mark.parametrize("tag", ["v1.0", "v1.1", "v1.0.1", "v9.9", "development", ""])
def test_an_older_or_unknown_version_or_one_of_another_branch_is_not_later(
    history: Path, tag: str
) -> None:
    assert order.newer_version(tag) == ""


def test_a_later_commit_is_later_by_whatever_name(history: Path) -> None:
    assert order.newer_version("v1.2") == "v1.2"
    described = f"v1.1-1-g{git(history, 'rev-parse', '--short', 'v1.2')}"
    assert order.newer_version(described) == described


def test_a_deployment_stops_unless_the_stage_is_older(
    run: Run, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert deploy(run).code == 0
    before = cluster.asked
    monkeypatch.setattr(order, "newer_version", lambda tag: tag)
    done = deploy(run, "--unless-newer")
    assert (done.code, done.error) == (0, "")
    assert "deployed: false\n" in done.out
    assert f"{VERSION} runs already, a later commit than this one. Nothing was changed." in done.out
    assert cluster.asked == before
    assert "deployed: true\n" in deploy(run).out
