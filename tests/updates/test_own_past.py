"""Once this repository has releases, the gate goes by them: tried on a copy that has some."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.render import example
from tests.conftest import EXAMPLES
from tests.full.programs import copy_of_the_repository
from tests.hooks.test_post_gen import commit, git
from tests.updates import life, pasts, services
from tests.updates.history import SERVICE, edit
from tests.updates.pasts import Past, Release
from tests.updates.test_fleet import NOT_INSTALLED


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of this repository with releases, and a change in no commit."""
    folder = copy_of_the_repository(tmp_path_factory.mktemp("own") / "template")
    edit(folder / "templates" / "README.md", "## Change it", "## Work on it")
    commit(folder)
    for tag in ("v0.1.0", "nightly", "v0.2.0", "v0.10.0", "v0.9.0", "v1.0.0-rc.1"):
        git(folder, "tag", tag)
    edit(folder / "templates" / "README.md", "## Work on it", "## Change it")
    (folder / SERVICE / "docs" / "added.md").write_text("# Added\n", "utf-8")
    return folder


@pytest.fixture
def past(repository: Path) -> Iterator[Past]:
    """Its past."""
    with pasts.of_this_repository(repository) as found:
        yield found


def test_the_last_releases_are_gone_by(repository: Path) -> None:
    """Neither pre-releases nor other tags, and in the order of versions."""
    wanted = [Release(tag, is_own=True) for tag in ("v0.2.0", "v0.9.0", "v0.10.0")]
    assert pasts.own_releases(repository) == wanted


def test_without_releases_there_are_none(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    commit(tmp_path)
    assert pasts.own_releases(tmp_path) == []


def test_a_service_goes_from_a_release_to_what_is_here_now(past: Past, tmp_path: Path) -> None:
    """With what is in no commit yet."""
    assert past.newest == "v1.1.0-now"
    name = EXAMPLES["frontend"]
    service = services.create(past.template, tmp_path, "v0.9.0", example(name), NOT_INSTALLED)
    life.live(service.path)
    service.commits()
    done = service.cruft("update", "--skip-apply-ask", "--checkout", past.newest)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (service.path / "docs" / "added.md").read_text("utf-8") == "# Added\n"
    readme = (service.path / "README.md").read_text("utf-8")
    assert "## Change it" in readme
    assert "Ours since 2026." in readme
