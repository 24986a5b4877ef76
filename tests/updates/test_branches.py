"""Updates on a branch of their own: nobody's work on it is lost when they are made anew."""

import shutil
from pathlib import Path

import pytest

from tasks.fleet import updating
from tests.updates import services
from tests.updates.services import Service

BRANCH = "template/v1.2.0"
UPDATE = ("template.update", "--no-tests", "--no-input", f"--branch={BRANCH}")


@pytest.fixture(scope="module")
def updated_once(resource_once: Service, tmp_path_factory: pytest.TempPathFactory) -> Service:
    """A service whose update is on a branch."""
    made = services.copy(resource_once, tmp_path_factory.mktemp("updated") / "service")
    done = made.tasks(*UPDATE)
    assert done.returncode == 0, done.stderr
    return made


@pytest.fixture
def updated(updated_once: Service, tmp_path: Path) -> Service:
    """A copy of it."""
    return services.copy(updated_once, tmp_path / "updated" / "service")


def somebody_goes_on(service: Service, branch: str = BRANCH) -> str:
    """Commit something on a branch, and return the commit."""
    service.git("switch", "--quiet", branch)
    (service.path / "mended.txt").write_text("mended\n")
    service.commits()
    service.git("switch", "--quiet", "main")
    return service.git("rev-parse", branch)


def main_moves_on(service: Service, text: str = "later") -> None:
    """Commit something that is in no update."""
    (service.path / "later.txt").write_text(f"{text}\n")
    service.commits()


def test_an_update_that_somebody_has_gone_on_with_is_left_as_it_is(updated: Service) -> None:
    mended = somebody_goes_on(updated)
    again = updated.tasks(*UPDATE)
    assert again.returncode == 0, again.stderr
    assert f"{BRANCH} has this update and other commits" in again.stdout
    assert updated.git("rev-parse", BRANCH) == mended


def test_it_is_not_replaced_when_main_moves_on_either(updated: Service) -> None:
    mended = somebody_goes_on(updated)
    main_moves_on(updated)
    refused = updated.tasks(*UPDATE)
    assert refused.returncode == 1
    assert f"Somebody else has committed to the branch {BRANCH}: Change (Tests)." in refused.stderr
    assert f"git branch -D {BRANCH}" in refused.stderr
    assert updated.git("rev-parse", BRANCH) == mended


def test_an_update_that_somebody_has_amended_is_theirs(updated: Service) -> None:
    updated.git("switch", "--quiet", BRANCH)
    updated.git("commit", "--quiet", "--amend", "--message=Ours")
    updated.git("switch", "--quiet", "main")
    main_moves_on(updated)
    assert updated.tasks(*UPDATE).returncode == 1
    assert updated.git("log", "-1", "--format=%s", BRANCH) == "Ours"


def test_one_that_nobody_has_touched_is_made_anew_when_main_moves_on(updated: Service) -> None:
    main_moves_on(updated)
    done = updated.tasks(*UPDATE)
    assert done.returncode == 0, done.stderr
    assert updated.git("rev-parse", f"{BRANCH}~1") == updated.git("rev-parse", "main")


def test_a_branch_that_is_checked_out_is_not_changed_below_somebodys_feet(
    updated: Service, tmp_path: Path
) -> None:
    updated.git("worktree", "add", "--quiet", "-b", f"{BRANCH}-rc.1", str(tmp_path / "other"))
    main_moves_on(updated)
    assert updated.tasks(*UPDATE).returncode == 0
    before = updated.git("rev-parse", BRANCH)
    updated.git("worktree", "add", "--quiet", str(tmp_path / "elsewhere"), BRANCH)
    main_moves_on(updated, "yet later")
    refused = updated.tasks(*UPDATE)
    assert refused.returncode == 1
    assert f"The branch {BRANCH} is checked out." in refused.stderr
    assert updated.git("rev-parse", BRANCH) == before


def test_a_fleet_tells_of_conflicts_again_until_somebody_resolves_them(
    resource: Service, tmp_path: Path
) -> None:
    readme = resource.path / "README.md"
    readme.write_text(readme.read_text("utf-8").replace("## Work on it", "## Ours"), "utf-8")
    resource.commits()
    template = resource.template.folder / ".git"

    def prepared() -> updating.Result:
        shared = tmp_path / "shared"
        shared.mkdir()
        try:
            return updating.prepare(resource.path, template, "v1.2.0", shared)
        finally:
            shutil.rmtree(shared)

    first, again = prepared(), prepared()
    assert (first.outcome, again.outcome) == ("conflicts", "conflicts")
    assert first.conflicts == again.conflicts == {"README.md": "content"}
    mended = somebody_goes_on(resource)
    assert prepared().outcome == "done before"
    assert resource.git("rev-parse", BRANCH) == mended
