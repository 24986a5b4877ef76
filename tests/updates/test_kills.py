"""An update that is killed for good, at several moments, loses nothing and hinders no other."""

from pathlib import Path
from typing import Any

from tasks.engine import engine
from tests.updates.history import edit
from tests.updates.killing import kill_at, kill_when
from tests.updates.published import conflicts
from tests.updates.services import Service, contents, copy

restoring: Any = engine("restoring")

UPDATE = ("template.update", "--no-tests", "--no-input")


def test_a_kill_at_any_moment_leaves_the_service_as_it_was(
    resource: Service, tmp_path: Path
) -> None:
    """Or the next task about the template brings that back; then it updates as if nothing was."""
    edit(resource.path / "README.md", "## Work on it", "## Ours")
    resource.commits()
    before = contents(resource.path)
    undisturbed = copy(resource, tmp_path / "undisturbed")
    first = undisturbed.tasks(*UPDATE)
    assert (first.returncode, first.stderr) == (1, "")
    assert conflicts(undisturbed) == ["README.md"]

    def temporary(name: str) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        return folder

    while_rendering = temporary("rendering")
    kill_when(
        lambda: bool(list(while_rendering.glob("*/jobs.json"))), resource, while_rendering, UPDATE
    )
    assert is_as(before, resource)
    kill_at(resource, temporary("merging"), UPDATE, "merge --no-commit", "after")
    assert is_as(before, resource)

    note = resource.path / ".git" / "template-update.json"
    half = str(resource.path / "docs" / "on-call.md")
    kill_at(resource, temporary("switching"), UPDATE, "read-tree -m", "within", half)
    assert note.exists()
    assert contents(resource.path) != before
    restoring.restore(resource.path)
    assert is_as(before, resource)

    command = "update-index -z --index-info"
    kill_at(resource, temporary("switched"), UPDATE, command, "after", in_service=True)
    assert conflicts(resource) == ["README.md"]
    done = resource.tasks(*UPDATE)
    assert done.stdout.startswith(
        "An update was killed while it changed files. They have been restored."
    )
    assert done.returncode == 1
    assert not note.exists()
    assert contents(resource.path) == contents(undisturbed.path)
    assert resource.changed() == undisturbed.changed()


def is_as(before: dict[str, bytes], service: Service) -> bool:
    """Return whether a service has the same files as before, and git sees no change."""
    return contents(service.path) == before and service.changed() == []
