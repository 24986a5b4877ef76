"""The gate: an update from every earlier release loses no line, the service's or the template's."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tasks.engine import engine
from tasks.folders import PROGRAMS, ROOT
from tests.quick.test_pairs import faults_of
from tests.updates import published
from tests.updates.conftest import Fresh, Lives
from tests.updates.history import ADDRESS
from tests.updates.pasts import MADE_UP, Past, Release, own_releases
from tests.updates.services import Service, contents
from tests.updates.test_chassis_release import ALONE

migrations: Any = engine("migrations")
ownership: Any = engine("ownership")

RELEASES = [*MADE_UP, *own_releases()]
"""Those that are made up show what releases can bring; this repository's own, what they did."""

TESTED = [MADE_UP[0], *own_releases()]
"""Those whose services run their own tests after the update: this takes most of the time."""

OF_EACH = pytest.mark.parametrize("release", RELEASES, ids=str)
OF_ONE = pytest.mark.parametrize("release", MADE_UP[:1], ids=str)


@pytest.fixture(autouse=True, scope="module")
def what_is_published() -> None:
    """Count anew: the template has changed since."""
    published.begin()


def differing(updated: Service, before: dict[str, bytes], fresh: Path) -> list[str]:
    """Return the files in which an updated service is not what it should be.

    That is the fresh render with the service's work; but what is the service's own stays as it was.
    """
    lists = ownership.read((fresh / ownership.FILE).read_bytes())
    owned = {
        name: content
        for name, content in before.items()
        if ownership.owner(lists, name) == ownership.SEEDED
    }
    found, wanted = contents(updated.path), contents(fresh) | owned
    names = sorted({*found, *wanted})
    return [name for name in names if found.get(name) != wanted.get(name)]


def with_the_steps(fresh: Path, past: Past, release: Release) -> Path:
    """Have the steps of the releases change a fresh render as they change an old service."""
    steps = migrations.between(past.template.folder, release.tag, past.newest)
    migrations.change_files(PROGRAMS / "python", steps, fresh)
    return fresh


@OF_EACH
def test_an_update_gives_a_fresh_render_and_the_services_work(
    lived: Lives, fresh: Fresh, past: Past, release: Release
) -> None:
    """What is new is told, answers are mapped, a second update does nothing, and tests pass.

    They run in the environment of today's render, which the update goes to.
    """
    service = lived(release)
    before = contents(service.path)
    words = ("template.update", "--no-tests", "--no-input", f"--to={past.newest}")
    done = service.tasks(*words)
    published.add("template.update", service, release, done)
    assert done.returncode == 0, done.stdout + done.stderr
    wanted = with_the_steps(fresh(service), past, release)
    assert differing(service, before, wanted) == []

    staged = [line for line in service.changed() if line[1] != " "]
    assert staged == []
    written = service.record()
    assert written["template"] == ADDRESS
    assert written["commit"] == past.template.git("rev-parse", f"{past.newest}^{{commit}}")
    assert faults_of(service.path / ".cruft.json") == []

    service.commits()
    again = service.tasks(*words)
    assert (again.returncode, again.stdout) == (0, f"The service is up to date: {past.newest}.\n")
    assert service.changed() == []

    if not release.is_own:
        answers = written["context"]["cookiecutter"]
        assert (answers["on_call"], answers["ci_system"]) == ("nobody yet", "no-ci")
        assert (service.path / "docs" / "moved.md").read_text("utf-8") == "# Moved\n"
        assert "New question on_call: 'nobody yet'" in done.stdout
        assert "- A question. Action needed: say who is on call." in done.stdout
        is_news = release.tag == "v1.0.0"
        assert ("Action needed: read about contracts" in done.stdout) == is_news
    if release in TESTED:
        for tests in (["check"], ["tests", "--reports=reports", ALONE]):
            ran = service.tasks(*tests)
            assert ran.returncode == 0, ran.stdout + ran.stderr


@OF_EACH
def test_plain_cruft_does_the_same(
    lived: Lives, fresh: Fresh, past: Past, release: Release
) -> None:
    service = lived(release)
    before = contents(service.path)
    done = service.cruft("update", "--skip-apply-ask", "--checkout", past.newest)
    published.add("cruft update", service, release, done)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not list(service.path.rglob("*.rej"))
    assert differing(service, before, fresh(service)) == []


def test_the_record_of_conflicts_is_published(service_file: Path = published.FILE) -> None:
    """After those above: a row for each way, kind and release, none of which has a conflict."""
    rows = json.loads(service_file.read_text("utf-8"))
    assert len(rows) == 2 * 3 * len(RELEASES)
    assert [row for row in rows if row["conflicts"]] == []
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    table = service_file.with_suffix(".md").read_text("utf-8")
    assert f"Conflicts of updates to {version}" in table
    assert f"0 of {len(rows)} updates" in table


@OF_ONE
def test_an_edit_of_the_same_lines_is_counted(lived: Lives, release: Release) -> None:
    """The gate's count is not always none: a conflict where two want one line."""
    service = lived(release)
    readme = service.path / "README.md"
    text = readme.read_text("utf-8")
    readme.write_text(text.replace("## Work on it", "## Ours"), "utf-8")
    service.commits()
    done = service.tasks("template.update", "--no-input")
    assert done.returncode == 1
    assert published.conflicts(service) == ["README.md"]
    merged = readme.read_text("utf-8")
    assert "<<<<<<< HEAD\n## Ours\n" in merged
    assert "## Change it\n>>>>>>> template-v1.2.0\n" in merged
    assert "CONFLICT (content): README.md" in done.stdout
    assert "Files with conflicts: 1." in done.stdout
