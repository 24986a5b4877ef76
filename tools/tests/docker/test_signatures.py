"""Test when images are signed, and what is refused before cosign is called.

tests/docker in the repository's root signs and verifies with cosign, Docker and a registry.
"""

import base64
import json
from pathlib import Path

import pytest
from invoke import Exit

from flask_chassis_tools.docker import provenance, signatures

from ..conftest import Run

COMMIT = "0123456789abcdef0123456789abcdef01234567"
DIGEST = f"sha256:{'0' * 64}"
PEM = "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\nplanted\n"

COSIGN = """\
#!/bin/sh
case $1 in
    version) echo '{"gitVersion": "v3.0.4"}' ;;
esac
"""


@pytest.fixture(autouse=True)
def cosign(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cosign of a later version."""
    program = checkout / "bin" / "cosign"
    program.parent.mkdir()
    program.write_text(COSIGN)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    monkeypatch.delenv("COSIGN_PRIVATE_KEY", raising=False)


@pytest.fixture
def public_key(checkout: Path) -> Path:
    """A public key of the service."""
    found = checkout / signatures.FOLDER / "first.pub"
    found.parent.mkdir(parents=True)
    found.write_text("-----BEGIN PUBLIC KEY-----\n")
    return found


def test_nothing_is_signed_or_verified_without_a_public_key(checkout: Path) -> None:
    signatures.require_settings()
    assert signatures.keys() == []
    assert signatures.fault(f"registry/planted@{DIGEST}") == ""


def test_a_push_requires_both_keys(
    run: Run, checkout: Path, public_key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = run("image.push", "--tag=v1.0.0")
    assert failed.code == 1
    assert "set COSIGN_PRIVATE_KEY, the private key in base64, and COSIGN_PASSWORD." in failed.error
    public_key.unlink()
    monkeypatch.setenv("COSIGN_PRIVATE_KEY", PEM)
    failed = run("image.push", "--tag=v1.0.0")
    assert failed.code == 1
    assert "infra/signing-keys has no public key: nothing would be verified." in failed.error


def test_a_cosign_that_needs_public_services_is_refused(
    run: Run, public_key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COSIGN_PRIVATE_KEY", PEM)
    failed = run("image.push", "--tag=v1.0.0")
    assert failed.code == 1
    assert failed.error == "cosign v3.0.4 is installed; version 2 is required.\n"


def test_a_missing_cosign_is_told(
    run: Run, public_key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COSIGN_PRIVATE_KEY", PEM)
    monkeypatch.setenv("PATH", str(public_key.parent))
    failed = run("image.push", "--tag=v1.0.0")
    assert failed.code == 1
    assert failed.error.startswith("cosign not found, which signs and verifies images: ")


def test_signing_by_hand_requires_a_public_key(run: Run, checkout: Path) -> None:
    failed = run("image.sign", "--tag=v1.0.0", f"--digest={DIGEST}")
    assert failed.code == 1
    assert failed.error.startswith("infra/signing-keys has no public key")


@pytest.mark.parametrize("given", [PEM, base64.b64encode(PEM.encode()).decode()])
def test_the_private_key_is_read_with_and_without_line_breaks(
    given: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COSIGN_PRIVATE_KEY", given)
    assert signatures.private_key().strip() == PEM.strip()


def test_what_is_no_private_key_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COSIGN_PRIVATE_KEY", "cosign.key")
    with pytest.raises(Exit, match="is not a private key in base64"):
        signatures.private_key()


PIPELINES = {
    "GitHub": (
        {
            "GITHUB_ACTIONS": "true",
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_REPOSITORY": "acme/thoughts",
            "GITHUB_RUN_ID": "7",
            "GITHUB_RUN_ATTEMPT": "2",
            "GITHUB_WORKFLOW_REF": "acme/thoughts/.github/workflows/pipeline.yaml@refs/heads/main",
        },
        "https://github.com/acme/thoughts/.github/workflows/pipeline.yaml@refs/heads/main",
        "https://github.com/acme/thoughts/actions/runs/7/attempts/2",
    ),
    "GitLab": (
        {
            "GITLAB_CI": "true",
            "CI_PROJECT_URL": "https://gitlab.acme.example/acme/thoughts",
            "CI_RUNNER_ID": "12",
            "CI_JOB_URL": "https://gitlab.acme.example/acme/thoughts/-/jobs/34",
        },
        "https://gitlab.acme.example/acme/thoughts/-/runners/12",
        "https://gitlab.acme.example/acme/thoughts/-/jobs/34",
    ),
    "TeamCity": (
        {
            "TEAMCITY_VERSION": "2025.11",
            "BUILD_URL": "https://ci.acme.example/buildConfiguration/Thoughts_Publish/56",
        },
        "https://ci.acme.example/buildConfiguration/Thoughts_Publish",
        "https://ci.acme.example/buildConfiguration/Thoughts_Publish/56",
    ),
    "a developer": ({}, provenance.ELSEWHERE, ""),
}


@pytest.mark.parametrize("name", PIPELINES)
def test_the_builder_is_the_pipeline(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("GITHUB_ACTIONS", "GITLAB_CI", "TEAMCITY_VERSION"):
        monkeypatch.delenv(variable, raising=False)
    variables, builder, run = PIPELINES[name]
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)
    assert provenance.pipeline() == (builder, run)


@pytest.mark.parametrize(
    ("remote", "uri"),
    [
        ("git@git.acme.example:acme/thoughts.git", "ssh://git@git.acme.example/acme/thoughts.git"),
        ("https://ci:token@git.acme.example/t.git", "https://git.acme.example/t.git"),
        ("ssh://git@git.acme.example:22/t.git", "ssh://git@git.acme.example:22/t.git"),
    ],
)
def test_the_source_is_an_address_without_a_login(repository: Path, remote: str, uri: str) -> None:
    config = repository / ".git" / "config"
    config.write_text(f'{config.read_text()}[remote "origin"]\n\turl = {remote}\n')
    statement = provenance.predicate("v1.0.0", COMMIT, "builder", "run")
    [source] = statement["buildDefinition"]["resolvedDependencies"]
    assert source == {"uri": f"git+{uri}", "digest": {"gitCommit": COMMIT}}
    assert "token" not in json.dumps(statement)
