"""A service of each kind, a year old, is updated across three releases at once."""

from pathlib import Path

import pytest

from tests.services import InstalledService
from tests.updates import services
from tests.updates.conftest import NO_CI, Kept
from tests.updates.history import SERVICE, Repository, copied, edit
from tests.updates.pasts import Past, Release
from tests.updates.services import Service, contents
from tests.updates.test_gate import differing, with_the_steps

FIRST, LAST = Release("v1.0.0"), "v1.3.0"


@pytest.fixture(scope="module")
def past(template: Repository, tmp_path_factory: pytest.TempPathFactory) -> Past:
    """The made-up releases, and one more: with changed, renamed, deleted and new files."""
    made = copied(template, tmp_path_factory.mktemp("three-releases"))
    changelog = (made.folder / "CHANGELOG.md").read_text("utf-8")
    (made.folder.parent / "news.md").write_text(changelog.partition("## [Unreleased]\n\n")[2])
    service = made.folder / SERVICE
    edit(made.folder / "templates" / "README.md", "## Read more", "## Read on")
    edit(service / "infra" / "uwsgi.yaml", "uwsgi:\n", "# Options of uWSGI.\nuwsgi:\n")
    (service / "docs" / "on-call.md").rename(service / "docs" / "who-is-on-call.md")
    (service / ".editorconfig").unlink()
    (service / "docs" / "new.md").write_text("# New\n", "utf-8")
    made.amend(LAST, "The fourth.")
    return Past(made, LAST)


def test_a_year_of_work_is_kept_across_three_releases_at_once(
    installed: InstalledService, template: Repository, past: Past, kept: Kept, tmp_path: Path
) -> None:
    made = kept(installed, template, FIRST.tag, NO_CI)
    copy = services.copy(made, tmp_path / "lived" / made.path.name)
    service = Service(copy.path, past.template, installed)
    before = contents(service.path)
    done = service.tasks("template.update", "--no-tests", "--no-input")
    assert done.returncode == 0, done.stdout + done.stderr
    assert service.record()["checkout"] == LAST
    for news in ("read about contracts", "say who is on call", "The fourth."):
        assert news in done.stdout
    answers = service.record()["context"]["cookiecutter"]
    given = {name: text for name, text in answers.items() if not name.startswith("_")}
    fresh = kept(installed, past.template, LAST, given)
    wanted = services.copy(fresh, tmp_path / "fresh" / made.path.name).path
    assert differing(service, before, with_the_steps(wanted, past, FIRST)) == []
    files = contents(service.path)
    assert "docs/who-is-on-call.md" in files
    assert ".editorconfig" not in files
    uwsgi = files["infra/uwsgi.yaml"].decode()
    assert "# Options of uWSGI.\n" in uwsgi
    assert "# Ours: nothing yet.\n" in uwsgi
