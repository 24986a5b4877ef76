"""The tasks for the image: what they refuse before they ask a registry.

What they do is tested in the template, with a real engine and a real registry.
"""

import shutil
from pathlib import Path

import pytest

from .conftest import Run

DIGEST = f"sha256:{'0' * 64}"


@pytest.mark.parametrize(
    "tag", ["latest", "0123abc", "v1.0.0-dirty", "v1.0.0-3-g0123abc-dirty", "main", "1", ""]
)
def test_what_is_no_version_is_not_pushed(run: Run, tag: str) -> None:
    failed = run("image.push", f"--tag={tag}")
    assert failed.code == 1
    assert failed.error.startswith(f"{tag!r} is no version: commit everything, tag a commit")


@pytest.mark.parametrize(
    "tag", ["v1.0.0", "1.0", "v1.0.0-3-g0123abc", "v2.0.0-rc.1", "v1.0.0.post1"]
)
def test_a_version_is(run: Run, tag: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    failed = run("image.push", f"--tag={tag}")
    assert failed.error.startswith("There is no Docker here.")


def test_nothing_is_pushed_without_a_tag(run: Run) -> None:
    failed = run("image.push")
    assert failed.code == 1
    assert "did not receive required positional arguments: 'tag'" in failed.error


@pytest.mark.skipif(not shutil.which("git"), reason="git is not installed here")
@pytest.mark.parametrize("tag", ["a b", "-v1", "v1/2", "v" * 129])
def test_what_cannot_be_a_tag_is_not_built(
    run: Run, tag: str, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository)
    failed = run("image.build", f"--tag={tag}")
    assert failed.code == 1
    assert failed.error == f"{tag!r} cannot be the tag of an image.\n"


@pytest.mark.parametrize("digest", ["", "sha256:0", DIGEST.upper(), "v1.0.0"])
def test_what_is_no_digest_is_not_looked_for(run: Run, digest: str) -> None:
    failed = run("image.verify", "--tag=v1.0.0", f"--digest={digest}")
    assert failed.code == 1
    assert failed.error == f"{digest!r} is no digest: sha256:…\n"


@pytest.mark.parametrize("missing", ["REGISTRY_USER", "REGISTRY_PASSWORD"])
def test_nobody_logs_in_without_a_name_and_a_password(
    run: Run, missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGISTRY_USER", "ada")
    monkeypatch.setenv("REGISTRY_PASSWORD", "secret")
    monkeypatch.delenv(missing)
    assert run("image.login").error == "Set REGISTRY_USER and REGISTRY_PASSWORD.\n"


def test_without_a_checkout_there_is_no_image(run: Run, checkout: Path) -> None:
    failed = run("image.verify", "--tag=v1.0.0", f"--digest={DIGEST}")
    assert failed.error == "This needs a checkout of the service: no pyproject.toml here.\n"
