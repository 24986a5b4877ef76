"""The gate: an update from every earlier release loses no line, the service's or the template's."""

import json
import tomllib
from pathlib import Path

import pytest

from tasks.folders import ROOT
from tests.quick.test_pairs import faults_of
from tests.updates import published
from tests.updates.conftest import Lives
from tests.updates.history import ADDRESS, Repository
from tests.updates.services import Service, contents

RELEASES = pytest.mark.parametrize("tag", ["v1.0.0", "v1.1.0"])

MADE = (".cruft.json", "docs/moved.md")
"""What the update writes itself: the record, and the file of the step v1.2.0."""


def differing(service: Path, wanted: Path, without: tuple[str, ...] = MADE) -> list[str]:
    """Return the files in which a service is not what it should be."""
    found, expected = contents(service, without), contents(wanted, without)
    names = sorted({*found, *expected})
    return [name for name in names if found.get(name) != expected.get(name)]


@RELEASES
def test_an_update_gives_a_fresh_render_and_the_services_work(
    lived: Lives, fresh: Path, template: Repository, tag: str
) -> None:
    service = lived(tag)
    done = service.tasks("template.update", "--no-tests", "--no-input")
    published.add("template.update", service, tag, done)
    assert done.returncode == 0, done.stdout + done.stderr
    assert differing(service.path, fresh) == []

    staged = [line for line in service.changed() if line[1] != " "]
    assert staged == []
    written = service.record()
    assert written["template"] == ADDRESS
    assert written["commit"] == template.git("rev-parse", "v1.2.0")
    assert faults_of(service.path / ".cruft.json") == []
    answers = written["context"]["cookiecutter"]
    assert (answers["on_call"], answers["ci_system"]) == ("nobody yet", "no-ci")
    assert "New question on_call: 'nobody yet'" in done.stdout
    assert "- A question. Action needed: say who is on call." in done.stdout
    assert ("Action needed: read about contracts" in done.stdout) == (tag == "v1.0.0")

    service.commits()
    again = service.tasks("template.update", "--no-input")
    assert (again.returncode, again.stdout) == (0, "The service is up to date: v1.2.0.\n")
    assert service.changed() == []


@RELEASES
def test_plain_cruft_does_the_same(lived: Lives, fresh: Path, tag: str) -> None:
    service = lived(tag)
    done = service.cruft("update", "--skip-apply-ask", "--checkout", "v1.2.0")
    published.add("cruft update", service, tag, done)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not list(service.path.rglob("*.rej"))
    assert differing(service.path, fresh, (".cruft.json", *MADE)) == []
    # What it writes, the task leaves as it is.
    text = (service.path / ".cruft.json").read_text("utf-8")
    assert text == json.dumps(json.loads(text), ensure_ascii=False, indent=2) + "\n"


def test_tests_pass_after_the_update(lived: Lives) -> None:
    """In the environment of today's render, which the update goes to."""
    service = lived("v1.0.0")
    assert service.tasks("template.update", "--no-tests", "--no-input").returncode == 0
    for words in (["check"], ["tests", "--reports=reports"]):
        done = service.tasks(*words)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_record_of_conflicts_is_published(service_file: Path = published.FILE) -> None:
    """After those above: a row for each way, kind and release, none of which has a conflict."""
    rows = json.loads(service_file.read_text("utf-8"))
    assert len(rows) == 12
    assert [row for row in rows if row["conflicts"]] == []
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    table = service_file.with_suffix(".md").read_text("utf-8")
    assert f"Conflicts of updates to {version}" in table


def test_an_edit_of_the_same_lines_is_counted(lived: Lives) -> None:
    """The gate's count is not always none: a conflict where two want one line."""
    service: Service = lived("v1.0.0")
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
    assert "Conflicts in 1 files" in done.stdout
