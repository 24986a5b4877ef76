"""Before the first release: what works without a tag, and what asks for a release."""

from pathlib import Path

import pytest

from tests.full.programs import with_the_tools
from tests.services import InstalledService
from tests.updates import history, services
from tests.updates.history import ADDRESS, Repository, edit
from tests.updates.services import Service
from tests.updates.test_fleet import invoke, told

NO_RELEASE = "has no release: it needs a tag such as v1.0.0."


@pytest.fixture
def untagged(tmp_path: Path) -> Repository:
    """A template without a tag."""
    made = history.repository(tmp_path / "untagged")
    made.release("v0.1.0", "All of it.")
    made.git("tag", "--delete", "v0.1.0")
    (made.folder / ".git" / "info" / "exclude").write_text(".venv\n")
    with_the_tools(made.folder)
    return made


@pytest.fixture
def service(untagged: Repository, resource: Service, tmp_path: Path) -> Service:
    """A service of it, with an edit."""
    installed: InstalledService = resource.installed
    made = services.create(untagged, tmp_path / "fleet", "main", {}, installed)
    edit(made.path / ".yamllint", "extends: default\n", "# ours\nextends: default\n")
    made.commits()
    return made


def test_without_a_tag_reading_works_and_updates_say_why_not(
    untagged: Repository, service: Service
) -> None:
    """And once there is one, a service that was rendered before it is updated."""
    fleet = service.path.parent
    drift = service.tasks("template.drift")
    assert (drift.returncode, "edited: .yamllint" in drift.stdout) == (1, True)
    [state] = told(invoke(untagged, "fleet.status", fleet, "--json")).values()
    assert state["fault"] == ""
    assert state["drift"] == {".yamllint": "edited"}
    [impact] = told(invoke(untagged, "fleet.impact", fleet, "--json")).values()
    assert impact["outcome"] in {"up to date", "updated"}

    for words in (
        ("template.update", "--no-input"),
        ("template.update", "--check"),
        ("template.bump", "--no-tests"),
    ):
        refused = service.tasks(*words)
        assert refused.returncode == (2 if "--check" in words else 1)
        assert NO_RELEASE in refused.stderr
    refused = invoke(untagged, "fleet.update", fleet)
    assert refused.returncode == 1
    assert NO_RELEASE in refused.stderr
    service.git("rm", "--quiet", ".cruft.json")
    service.commits()
    refused = service.tasks("template.adopt", f"--template={ADDRESS}")
    assert refused.returncode == 1
    assert NO_RELEASE in refused.stderr
    service.git("revert", "--no-edit", "HEAD")

    (untagged.folder / history.SERVICE / "docs" / "new.md").write_text("# New\n", "utf-8")
    untagged.amend("v0.1.0", "The first.")
    done = service.tasks("template.update", "--no-tests", "--no-input")
    assert done.returncode == 0, done.stdout + done.stderr
    assert service.record()["checkout"] == "v0.1.0"
    assert (service.path / "docs" / "new.md").read_text("utf-8") == "# New\n"
    assert "# ours" in (service.path / ".yamllint").read_text("utf-8")
