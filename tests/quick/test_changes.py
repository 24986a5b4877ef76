"""Which tiers a change needs, and what is said of a release."""

import subprocess
from pathlib import Path

import pytest
from invoke import Exit

from tasks.changelog import counted, section
from tasks.changes import changed_files, tiers_for
from tasks.test import TIERS

ALL = list(TIERS)


def git(folder: Path, *words: str) -> None:
    person = ["-c", "user.name=Ada", "-c", "user.email=ada@acme.example"]
    subprocess.run(["git", "-C", folder, *person, *words], check=True, capture_output=True)


def commit(folder: Path, name: str) -> None:
    (folder / name).write_text(name)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", f"--message={name}")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A branch with two commits since it left main, which has gone on."""
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    commit(tmp_path, "a.py")
    git(tmp_path, "switch", "--quiet", "--create", "work")
    commit(tmp_path, "b.py")
    commit(tmp_path, "öl c.md")
    git(tmp_path, "switch", "--quiet", "main")
    commit(tmp_path, "d.py")
    return tmp_path


def test_what_has_changed_is_what_the_branch_has_changed(repository: Path) -> None:
    git(repository, "switch", "--quiet", "work")
    assert changed_files("main", repository) == ["b.py", "öl c.md"]


def test_on_main_itself_and_without_a_history_nothing_is_known(repository: Path) -> None:
    assert changed_files("main", repository) is None
    assert changed_files("origin/main", repository) is None


@pytest.mark.parametrize(
    "name", ["README.md", "CHANGELOG.md", "docs/decisions/0001-x.md", "LICENSE"]
)
def test_a_text_needs_the_quick_tier_alone(name: str) -> None:
    assert tiers_for([name]) == ["quick"]


def test_a_recipe_needs_the_tier_that_runs_its_code() -> None:
    assert tiers_for(["docs/how-to/cors.md", "README.md"]) == ["quick", "full"]


@pytest.mark.parametrize(
    "name",
    [
        "hooks/pre_gen_project.py",
        "templates/README.md",
        "{{cookiecutter.project_slug}}/docs/changing-a-contract.md",
        "cookiecutter.json",
        "tasks/test.py",
        "poetry.lock",
        "chassis/README.md",
        "chassis/src/flask_chassis/settings.py",
        "tools/pyproject.toml",
    ],
)
def test_anything_else_needs_all(name: str) -> None:
    assert tiers_for([name]) == ALL
    assert tiers_for(["README.md", name]) == ALL


@pytest.mark.parametrize("name", ["chassis/tests/test_vault.py", "tools/tests/conftest.py"])
def test_a_test_of_a_package_needs_the_packages_tests(name: str) -> None:
    assert tiers_for([name]) == ["quick", "packages"]
    assert tiers_for(["README.md", name]) == ["quick", "packages"]
    assert tiers_for([name, "chassis/src/flask_chassis/vault.py"]) == ALL


def test_what_is_not_known_needs_all() -> None:
    assert tiers_for(None) == ALL


CHANGELOG = """# Changelog

## [Unreleased]

- Something

## [1.1.0] - 2026-11-20

### Added

- A thing. Action needed: do it.

## [1.0.0] - 2026-10-01

"""


def test_a_release_is_told_in_its_own_words() -> None:
    assert section(CHANGELOG, "v1.1.0") == "### Added\n\n- A thing. Action needed: do it."


@pytest.mark.parametrize("tag", ["v1.0.0", "v1.1", "v9.9.9", "v1x1x0", "Unreleased x"])
def test_a_release_of_which_nothing_is_said_is_refused(tag: str) -> None:
    with pytest.raises(Exit, match=f"CHANGELOG.md says nothing of {tag}"):
        section(CHANGELOG, tag)


def test_the_count_of_conflicts_is_there_once_the_gate_has_run(tmp_path: Path) -> None:
    table = tmp_path / "conflicts.md"
    with pytest.raises(Exit, match=r"\./invoke test --gate"):
        counted(table)
    table.write_text("## Conflicts\n\n| a |\n")
    assert counted(table) == "## Conflicts\n\n| a |"
