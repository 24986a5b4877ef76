"""Test the parts of the template tasks that need no template."""

import hashlib
from pathlib import Path

import pytest

from flask_chassis_tools.updates import changelog, ownership, record, releases

from .conftest import Run

# Drift.

FILE = "infra/uwsgi.yaml"


@pytest.fixture
def listed(checkout: Path) -> Path:
    """A template-owned file as it was rendered."""
    file = checkout / FILE
    file.parent.mkdir()
    file.write_text("uwsgi:\n")
    (checkout / "pyproject.toml").touch()
    checksum = hashlib.sha256(file.read_bytes()).hexdigest()
    (checkout / ".template-files.sha256").write_text(f"{checksum}  {FILE}\n")
    return file


def test_unchanged_files_are_no_drift(run: Run, listed: Path) -> None:
    assert listed.is_file()
    assert run("template.drift").code == 0


def test_edited_and_deleted_files_are_drift(run: Run, listed: Path) -> None:
    listed.write_text("ours:\n")
    edited = run("template.drift")
    assert (edited.code, edited.out) == (1, f"edited: {FILE}\n")
    listed.unlink()
    assert run("template.drift").out == f"deleted: {FILE}\n"


def test_drift_requires_the_checksums(run: Run, checkout: Path) -> None:
    assert checkout.is_dir()
    failed = run("template.drift")
    assert failed.code == 1
    assert failed.error.startswith(".template-files.sha256 not found")


def test_an_answer_requires_a_name(run: Run, checkout: Path) -> None:
    assert checkout.is_dir()
    refused = run("template.update", "--answer=ada")
    assert refused.code == 2
    assert "--answer=ada must have the form name=value." in refused.error


# Versions.


def test_releases_are_in_the_order_of_semantic_versions() -> None:
    tags = ["v1.10.0", "v1.2.0", "v1.10.0-rc.10", "v1.10.0-rc.2", "nightly", "v2"]
    assert releases.in_order(tags) == ["v1.2.0", "v1.10.0-rc.2", "v1.10.0-rc.10", "v1.10.0"]
    assert releases.newest([*tags, "v2.0.0-beta.1"]) == "v1.10.0"
    assert releases.between(tags, "v1.2.0", "v1.10.0-rc.2") == ["v1.10.0-rc.2"]


NEWS = """
## [Unreleased]

- Later.

## [1.1.0] - 2026-02-01

- One thing.
- Another. Action needed:
  set it.

## [1.0.0] - 2026-01-01

- The first. Action needed: all.
"""


def test_required_actions_are_found_in_the_changelog() -> None:
    told = changelog.sections(NEWS, ["v1.1.0"])
    assert told.startswith("## [1.1.0]")
    assert told.endswith("set it.")
    assert changelog.actions(told) == ["Another. Action needed: set it."]


# Files.


@pytest.mark.parametrize(
    ("name", "owner"),
    [("a.py", "template"), ("own/b/c.py", "seeded"), ("x/y.md", "shared"), ("x/y/z", "template")],
)
def test_the_last_matching_pattern_decides(name: str, owner: str) -> None:
    lists = ownership.read('template = ["**"]\nseeded = ["own/**"]\nshared = ["x/*.md"]\n')
    assert ownership.owner(lists, name) == owner


@pytest.mark.parametrize("text", ["template = []", "template ="])
def test_incomplete_ownership_lists_are_refused(text: str) -> None:
    with pytest.raises(ownership.OwnershipError, match=r"template-ownership\.toml"):
        ownership.read(text)


@pytest.mark.parametrize(
    ("address", "is_local"),
    [
        ("https://git.acme.example/t.git", False),
        ("git@git.acme.example:t.git", False),
        ("/home/ada/t", True),
        ("../t", True),
        ("file:///home/ada/t", True),
        ("C:\\t", True),
    ],
)
def test_local_addresses_are_recognised(address: str, is_local: bool) -> None:
    assert record.is_local(address) == is_local


LOGIN = "git:made-up"


@pytest.mark.parametrize(
    ("address", "public"),
    [
        (f"https://{LOGIN}@git.acme.example/t.git", "https://git.acme.example/t.git"),
        ("https://token@git.acme.example:8443/t", "https://git.acme.example:8443/t"),
        (f"ssh://{LOGIN}@git.acme.example/t.git", "ssh://git@git.acme.example/t.git"),
        ("ssh://git@git.acme.example/t.git", "ssh://git@git.acme.example/t.git"),
        ("git@git.acme.example:t.git", "git@git.acme.example:t.git"),
        ("https://git.acme.example/t.git", "https://git.acme.example/t.git"),
    ],
)
def test_credentials_are_removed_from_recorded_addresses(address: str, public: str) -> None:
    assert record.without_secrets(address) == public
