"""Poetry makes the lock of an update: no newer version is taken back, and nothing is left over."""

import re
from pathlib import Path
from typing import Any

import pytest

from tasks.engine import engine
from tasks.folders import PROGRAMS
from tests.updates.history import versions_of

lock_file: Any = engine("lock_file")
lock_versions: Any = engine("lock_versions")

PYPROJECT = """\
[project]
name = "blog"
version = "1.0.0"
requires-python = ">=3.11,<3.15"
dependencies = ["requests>=2.32,<3"{more}]

[tool.poetry]
package-mode = false
"""


WITHOUT = PYPROJECT.replace('"requests>=2.32,<3"{more}', '"idna>=3"')


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Poetry's lock of a project, in which idna comes with another package."""
    folder = tmp_path_factory.mktemp("locked")
    (folder / "pyproject.toml").write_text(PYPROJECT.format(more=""))
    lock_file.make(folder, PROGRAMS)
    return (folder / "poetry.lock").read_text("utf-8")


def with_idna(lock: str, version: str) -> str:
    """Return a lock with a version of idna, or without idna."""
    if not version:
        return re.sub(r'\[\[package\]\]\nname = "idna"\n(?:(?!\[\[).*\n)*', "", lock)
    return re.sub(r'(name = "idna"\nversion = ").+"', rf'\g<1>{version}"', lock)


@pytest.mark.parametrize(
    ("service", "old", "new", "more", "expected"),
    [
        ("3.10", "3.7", "3.9", "", "3.10"),
        ("3.9", "3.7", "3.10", "", "3.10"),
        ("3.10", "3.10", "3.9", "", "3.10"),
        ("3.9", "3.7", "", "", "3.9"),
        ("3.10", "3.7", "3.9", ', "idna<3.10"', "3.9"),
    ],
    ids=["newer here", "newer there", "taken back", "removed and needed", "excluded"],
)
def test_the_higher_version_that_the_dependencies_admit_is_locked(
    locked: str, tmp_path: Path, service: str, old: str, new: str, more: str, expected: str
) -> None:
    locks = [with_idna(locked, version) for version in (service, old, new)]
    assert [versions_of(lock).get("idna", "") for lock in locks] == [service, old, new]
    (tmp_path / "pyproject.toml").write_text(PYPROJECT.format(more=more))
    (tmp_path / "poetry.lock").write_text(lock_file.seed(*locks, {}), "utf-8")
    lock_file.make(tmp_path, PROGRAMS)
    made = (tmp_path / "poetry.lock").read_text("utf-8")
    assert versions_of(made) == versions_of(locked) | {"idna": expected}
    told = lock_versions.compared(*map(lock_file.packages, (*locks, made)), {})
    if more:
        assert "poetry.lock takes idna from 3.10 to 3.9" in told.faults[0]
    else:
        assert told.faults == []
    assert len(told.notes + told.faults) == bool(new)


def test_what_nothing_needs_any_more_leaves_the_lock(locked: str, tmp_path: Path) -> None:
    """The release has no dependency any more; the team needs one of those that came with it."""
    new = locked[: locked.index("[[package]]")] + locked[locked.index("\n[metadata]") + 1 :]
    seed = lock_file.seed(with_idna(locked, "3.9"), locked, new, {})
    assert versions_of(seed) == versions_of(locked) | {"idna": "3.9"}
    (tmp_path / "pyproject.toml").write_text(WITHOUT)
    (tmp_path / "poetry.lock").write_text(seed, "utf-8")
    lock_file.make(tmp_path, PROGRAMS)
    assert versions_of((tmp_path / "poetry.lock").read_text("utf-8")) == {"idna": "3.9"}
