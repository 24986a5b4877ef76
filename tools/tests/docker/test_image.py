"""Test what the image tasks refuse before they contact a registry.

tests/docker in the repository's root tests them with Docker and a registry.
"""

import shutil
from pathlib import Path

import pytest

from ..conftest import Run

DIGEST = f"sha256:{'0' * 64}"


@pytest.mark.parametrize(
    "tag", ["latest", "0123abc", "v1.0.0-dirty", "v1.0.0-3-g0123abc-dirty", "main", "1", ""]
)
def test_a_tag_that_is_not_a_version_is_not_pushed(run: Run, tag: str) -> None:
    failed = run("image.push", f"--tag={tag}")
    assert failed.code == 1
    assert failed.error.startswith(f"{tag!r} is not a version. A tag must identify a commit")


@pytest.mark.parametrize(
    "tag", ["v1.0.0", "1.0", "v1.0.0-3-g0123abc", "v2.0.0-rc.1", "v1.0.0.post1"]
)
def test_a_version_is_accepted_for_pushing(
    run: Run, tag: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    failed = run("image.push", f"--tag={tag}")
    assert failed.error.startswith("Docker not found.")


def test_a_push_requires_a_tag(run: Run) -> None:
    failed = run("image.push")
    assert failed.code == 1
    assert "did not receive required positional arguments: 'tag'" in failed.error


@pytest.mark.skipif(not shutil.which("git"), reason="git is not installed here")
@pytest.mark.parametrize("tag", ["a b", "-v1", "v1/2", "v" * 129])
def test_an_invalid_tag_is_not_built(
    run: Run, tag: str, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository)
    failed = run("image.build", f"--tag={tag}")
    assert failed.code == 1
    assert failed.error == f"{tag!r} cannot be the tag of an image.\n"


@pytest.mark.parametrize("digest", ["sha256:", "sha256:0", DIGEST.upper(), "v1.0.0"])
def test_an_invalid_digest_is_refused(run: Run, digest: str) -> None:
    failed = run("image.verify", "--tag=v1.0.0", f"--digest={digest}")
    assert failed.code == 1
    assert failed.error == f"{digest!r} is not a digest such as sha256:…\n"


@pytest.mark.parametrize("missing", ["REGISTRY_USER", "REGISTRY_PASSWORD"])
def test_login_requires_a_user_and_a_password(
    run: Run, missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGISTRY_USER", "ada")
    monkeypatch.setenv("REGISTRY_PASSWORD", "secret")
    monkeypatch.delenv(missing)
    assert run("image.login").error == "Set REGISTRY_USER and REGISTRY_PASSWORD.\n"


def test_login_on_gitlab_says_that_the_branch_is_not_protected(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("REGISTRY_USER", "REGISTRY_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CI_COMMIT_REF_NAME", "hotfix/1.2")
    monkeypatch.setenv("CI_COMMIT_REF_PROTECTED", "false")
    assert run("image.login").error.endswith("variables: protect hotfix/1.2 on GitLab.\n")
    monkeypatch.setenv("CI_COMMIT_REF_PROTECTED", "true")
    assert run("image.login").error == "Set REGISTRY_USER and REGISTRY_PASSWORD.\n"


def test_a_version_without_a_tag_is_not_verified(run: Run) -> None:
    failed = run("image.verify", "--tag=")
    assert failed.code == 1
    assert failed.error == "'' cannot be the tag of an image. Name the version.\n"


def test_image_tasks_require_a_checkout(
    run: Run, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (checkout / "pyproject.toml").unlink()
    monkeypatch.chdir(checkout)
    failed = run("image.verify", "--tag=v1.0.0", f"--digest={DIGEST}")
    assert failed.error == "Not a checkout of the service: pyproject.toml not found.\n"
