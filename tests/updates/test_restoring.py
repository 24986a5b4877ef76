"""What a machine that fails while an update changes files leaves behind, and what becomes of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tasks.engine import engine
from tests.updates.history import Repository

restoring: Any = engine("restoring")
faults: Any = engine("faults")

OLD, NEW = "old\n", "a new text, of which half may be written\n"


@pytest.fixture
def service(tmp_path: Path) -> Path:
    """A repository in which an update was killed: it changes a file, brings one, deletes one."""
    folder = tmp_path / "service"
    folder.mkdir()
    (folder / "changed").write_text(OLD)
    (folder / "deleted").write_text(OLD)
    repository = Repository(folder)
    repository.git("init", "--quiet")
    repository.git("add", "--all")
    repository.git("commit", "--quiet", "--message=All")
    (tmp_path / "new").write_text(NEW)
    new = repository.git("hash-object", "-w", str(tmp_path / "new"))
    old = repository.git("rev-parse", "HEAD:changed")
    touched = {"changed": [old, new], "brought": ["", new], "deleted": [old, ""]}
    note = {"head": repository.git("rev-parse", "HEAD"), "touched": touched}
    (folder / ".git" / restoring.NOTE).write_text(json.dumps(note))
    (folder / "changed").write_text(NEW[:7])
    (folder / "brought").write_text(NEW)
    (folder / "deleted").unlink()
    (folder / ".git" / "index.lock").touch()
    return folder


def test_files_of_which_half_is_written_are_brought_back(service: Path) -> None:
    restoring.restore(service)
    assert Repository(service).git("status", "--porcelain") == ""
    assert (service / "deleted").read_text() == OLD
    assert not (service / ".git" / restoring.NOTE).exists()


@pytest.mark.parametrize("name", ["changed", "brought", "deleted"])
def test_what_was_edited_since_is_not_overwritten(service: Path, name: str) -> None:
    (service / name).write_text("mine\n")
    with pytest.raises(faults.UpdateError, match=rf"these files were edited since: {name}\. Undo"):
        restoring.restore(service)
    assert (service / name).read_text() == "mine\n"
    assert (service / ".git" / restoring.NOTE).exists()


def test_what_was_committed_since_stays(service: Path) -> None:
    repository = Repository(service)
    (service / ".git" / "index.lock").unlink()
    (service / "changed").write_text("mine\n")
    repository.git("add", "--all")
    repository.git("commit", "--quiet", "--message=As it is")
    restoring.restore(service)
    assert (service / "changed").read_text() == "mine\n"
    assert repository.git("status", "--porcelain") == ""
    assert not (service / ".git" / restoring.NOTE).exists()
