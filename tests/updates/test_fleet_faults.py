"""The fleet's tasks name what keeps a service from being updated, and never a login."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tasks.engine import engine
from tests.updates.history import Repository, edit
from tests.updates.services import Service
from tests.updates.test_fleet import NOT_INSTALLED, fleet, fleet_once, invoke, told

__all__ = ("fleet", "fleet_once")

exclusive: Any = engine("exclusive")

UNKNOWN = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def beside(template: Repository) -> Iterator[str]:
    """A commit of a branch of the template, which is in no release."""
    tree = template.git("rev-parse", "v1.1.0^{tree}")
    made = template.git("commit-tree", tree, "-p", "v1.1.0", "-m", "Beside")
    template.git("branch", "beside", made)
    yield made
    template.git("branch", "-D", "beside")


def records(folder: Path, template: Repository, commit: str) -> None:
    """Have a service name a commit as its origin."""
    service = Service(folder, template, NOT_INSTALLED)
    written = service.record()
    edit(folder / ".cruft.json", f'"commit": "{written["commit"]}"', f'"commit": "{commit}"')
    service.commits()


def test_each_task_names_the_fault_of_a_record_and_the_way_out(
    template: Repository, fleet: Path, beside: str
) -> None:
    faulty = {
        "thoughts-backend": (
            "main",
            "the commit in .cruft.json, is not a commit: a full hash is needed",
        ),
        "users-backend": (beside, f"rendered from {beside[:10]} of "),
        "frontend": (UNKNOWN, f"has no commit {UNKNOWN}"),
    }
    way = {"users-backend": "--since=v1.1.0"}
    for name, (commit, _) in faulty.items():
        records(fleet / name, template, commit)
    report = fleet.parent / "report.json"
    updated = invoke(template, "fleet.update", fleet, f"--report={report}")
    assert updated.returncode == 1
    found = {
        "status": told(invoke(template, "fleet.status", fleet, "--json")),
        "impact": told(invoke(template, "fleet.impact", fleet, "--json")),
        "update": {each["name"]: each for each in json.loads(report.read_text("utf-8"))},
    }
    for task, services in found.items():
        for name, (_, fault) in faulty.items():
            said = str(services[name]["fault" if task == "status" else "left"])
            assert fault in said, task
            assert way.get(name, "template.update --since=RELEASE") in said, task
    for name in faulty:
        assert template.git("branch", "--list", folder=fleet / name) == "* main"
    table = invoke(template, "fleet.status", fleet).stdout
    assert "\n3 services, 0 at the newest release, " in table
    assert "newest" not in table.partition("\n\n")[0]


def test_one_that_is_newer_than_the_release_stays_as_it_is(
    template: Repository, fleet: Path
) -> None:
    done = invoke(template, "fleet.update", fleet, "--to=v1.0.0")
    assert done.returncode == 0, done.stdout
    assert "3 services: 2 newer, 1 up to date." in done.stdout
    assert template.git("branch", "--list", folder=fleet / "frontend") == "* main"


def test_an_impact_is_of_the_last_commit_whatever_else_is_done_there(
    template: Repository, fleet: Path
) -> None:
    """It reads: work that is in no commit, and a task that runs, do not keep it from that."""
    service = fleet / "users-backend"
    (service / "mine.txt").write_text("in no commit")
    (service / ".git" / "template-update.json").write_text("an update was killed")
    with exclusive.held(service, "template.update"):
        found = told(invoke(template, "fleet.impact", fleet, "--json"))
        assert found["users-backend"]["outcome"] == "updated"
        (service / "mine.txt").unlink()
        done = invoke(template, "fleet.update", fleet)
    assert done.returncode == 1
    assert f"Another task works on {service}: template.update, process " in done.stdout
    assert template.git("branch", "--list", folder=service) == "* main"


def test_the_status_names_what_cannot_be_updated_yet(template: Repository, fleet: Path) -> None:
    """A repository without a commit, a folder of a larger one, and one without a repository."""
    for name in ("thoughts-backend", "users-backend", "frontend"):
        shutil.rmtree(fleet / name / ".git")
    template.git("init", "--quiet", folder=fleet / "frontend")
    (fleet / "more" / "services").mkdir(parents=True)
    template.git("init", "--quiet", folder=fleet / "more")
    shutil.move(fleet / "users-backend", fleet / "more" / "services")
    template.git("add", "--all", folder=fleet / "more")
    template.git("commit", "--quiet", "--message=All", folder=fleet / "more")
    listed = fleet.parent / "services.txt"
    listed.write_text("fleet/frontend\nfleet/thoughts-backend\nfleet/more/services/users-backend\n")
    found = told(invoke(template, "fleet.status", listed, "--json"))
    assert "The service has no commit yet." in str(found["frontend"]["fault"])
    assert "is not the top folder of a git repository" in str(found["thoughts-backend"]["fault"])
    assert "git am --directory=services/users-backend" in str(found["users-backend"]["fault"])
    assert [each["drift"] for each in found.values()] == [{}, {}, {}]
    assert found["users-backend"]["version"] == "v1.1.0"
    done = invoke(template, "fleet.update", listed)
    assert done.returncode == 1
    assert "3 services: 3 failed." in done.stdout


@pytest.mark.parametrize("bump", [False, True])
def test_an_update_that_was_merged_as_one_commit_is_not_prepared_any_more(
    template: Repository, fleet: Path, bump: bool
) -> None:
    """Nor one of an older release, once a newer one was merged; a newer one still is."""
    service = Service(fleet / "thoughts-backend", template, NOT_INSTALLED)
    folder, words = ("chassis", ["--bump"]) if bump else ("template", [])
    for tag in ("v1.1.0", "v1.2.0"):
        done = invoke(template, "fleet.update", fleet, f"--to={tag}", *words)
        assert f"{service.path.name}: updated" in done.stdout, done.stdout
    branches = [f"{folder}/v1.2.0", f"{folder}/v1.1.0"]

    def prepared() -> set[str]:
        found = told(invoke(template, "fleet.status", fleet, "--json"))[service.path.name]
        return {each["name"] for each in found["branches"]}  # type: ignore[attr-defined]

    def merges(branch: str) -> None:
        # As a host does: a commit with the files of the branch and no other parent.
        service.git("read-tree", "--reset", "-u", branch)
        service.commits()

    assert prepared() == {*branches}
    merges(branches[1])
    assert prepared() == {branches[0]}
    merges(branches[0])
    assert prepared() == set()


def test_no_login_is_shown(template: Repository, fleet: Path) -> None:
    """Of the record, of answers, and of where a patched chassis is from."""
    login = "ada:planted@"
    service = fleet / "frontend"
    address = Service(service, template, NOT_INSTALLED).record()["template"]
    record = service / ".cruft.json"
    edit(record, address, f"file://{login}templates.acme.example/t.git")
    edit(record, '"description": "', f'"description": "https://{login}wiki.acme.example: ')
    wheel = next((service / "vendor").glob("flask_chassis-*")).name
    source = f'type = "git"\nurl = "https://{login}git.acme.example/chassis.git"'
    edit(service / "poetry.lock", f'type = "file"\nurl = "vendor/{wheel}"', source)
    Service(service, template, NOT_INSTALLED).commits()
    listed = fleet.parent / "services.txt"
    listed.write_text(f"https://{login}git.acme.example/a.git\n")
    template.git("config", "remote.origin.url", f"https://{login}git.acme.example/template.git")
    html, matrix = fleet.parent / "fleet.html", fleet.parent / "update.yaml"
    shown = [
        invoke(template, "fleet.status", fleet),
        invoke(template, "fleet.status", fleet, "--json"),
        invoke(template, "fleet.status", fleet, f"--html={html}"),
        invoke(template, "fleet.impact", fleet, "--json"),
        invoke(template, "fleet.update", listed, f"--matrix={matrix}"),
    ]
    texts = [done.stdout + done.stderr for done in shown]
    for text in (*texts, html.read_text("utf-8"), matrix.read_text("utf-8")):
        assert "planted" not in text
    assert "git.acme.example/chassis.git" in texts[0]
    assert "https://wiki.acme.example: " in texts[1]
    assert '- "https://git.acme.example/a.git"' in matrix.read_text("utf-8")
