"""The template has moved: one command records its new address in all services."""

import json
import subprocess
from pathlib import Path

import pytest

from tasks.folders import PROGRAMS
from tests.full.programs import Finished, run
from tests.updates.history import ADDRESS, Repository, edit
from tests.updates.services import Service
from tests.updates.test_fleet import NOT_INSTALLED, fleet, fleet_once, invoke

__all__ = ("fleet", "fleet_once")

NEW = "https://new.acme.example/flask-microservice.git"

BRANCH = "template/v1.2.0"


@pytest.fixture
def at_the_new_address(template: Repository, tmp_path: Path) -> Path:
    """What the new address leads to: a copy of the template."""
    copy = tmp_path / "new.git"
    subprocess.run(["git", "clone", "--quiet", "--bare", template.folder, copy], check=True)
    return copy


def moves(template: Repository, fleet: Path, new: Path, *words: str) -> Finished:
    """Record the new address in a fleet."""
    config = new.with_suffix(".gitconfig")
    before = Path(template.variables["GIT_CONFIG_GLOBAL"]).read_text("utf-8")
    config.write_text(f'{before}[url "file://{new}"]\n\tinsteadOf = {NEW}\n', "utf-8")
    task: list[str | Path] = [PROGRAMS / "invoke", "fleet.update", f"--services={fleet}"]
    named = [] if any(word.startswith("--template") for word in words) else [f"--template={NEW}"]
    variables = {"GIT_CONFIG_GLOBAL": str(config)}
    return run([*task, *named, *words], template.folder, variables)


def recorded(template: Repository, service: Path, commit: str = BRANCH) -> tuple[str, str]:
    """Return the address and the release that a commit of a service records."""
    record = json.loads(template.git("show", f"{commit}:.cruft.json", folder=service))
    assert record["context"]["cookiecutter"]["_template"] == record["template"]
    return record["template"], record["checkout"]


def test_all_services_record_the_new_address_also_if_no_update_is_due(
    template: Repository, fleet: Path, at_the_new_address: Path
) -> None:
    """And also if a branch with the update, and the old address, is there from before."""
    assert "2 updated" in invoke(template, "fleet.update", fleet).stdout
    assert recorded(template, fleet / "users-backend") == (ADDRESS, "v1.2.0")
    done = moves(template, fleet, at_the_new_address)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 services: 3 updated." in done.stdout
    for service in fleet.glob("*/.cruft.json"):
        assert recorded(template, service.parent) == (NEW, "v1.2.0")
        assert recorded(template, service.parent, "main")[0] == ADDRESS
    changed = template.git("diff", "--name-only", "main", BRANCH, folder=fleet / "frontend")
    assert changed == ".cruft.json"
    again = moves(template, fleet, at_the_new_address)
    assert "3 services: 3 done before." in again.stdout

    frontend = Service(fleet / "frontend", template, NOT_INSTALLED)
    frontend.git("merge", "--quiet", BRANCH)
    frontend.git("branch", "--delete", BRANCH)
    merged = moves(template, fleet, at_the_new_address)
    assert "3 services: 2 done before, 1 up to date." in merged.stdout


def test_a_service_that_is_newer_keeps_its_record_and_it_is_said(
    template: Repository, fleet: Path, at_the_new_address: Path
) -> None:
    done = moves(template, fleet, at_the_new_address, "--to=v1.1.0")
    assert done.returncode == 1
    assert "3 services: 1 failed, 2 updated." in done.stdout
    assert "frontend: The service is newer than v1.1.0" in done.stdout
    assert "So the new address is not recorded" in done.stdout


def test_an_address_that_has_something_else_is_refused(
    template: Repository, fleet: Path, at_the_new_address: Path
) -> None:
    template.git("tag", "--force", "v1.2.0", "v1.1.0", folder=at_the_new_address)
    refused = moves(template, fleet, at_the_new_address)
    assert refused.returncode == 1
    assert f"{NEW} is not where this template is now: v1.2.0 is " in refused.stderr
    template.git("tag", "--delete", "v1.2.0", folder=at_the_new_address)
    assert "there it is no such tag." in moves(template, fleet, at_the_new_address).stderr
    local = moves(template, fleet, at_the_new_address, f"--template={at_the_new_address}")
    assert local.returncode == 2
    assert "is a local folder. Give the address" in local.stderr
    login = "https://ada:planted@nowhere.invalid/t.git"
    unreachable = moves(template, fleet, at_the_new_address, f"--template={login}")
    assert unreachable.returncode == 1
    assert "cannot be read at https://nowhere.invalid/t.git" in unreachable.stderr
    assert "planted" not in unreachable.stderr
    for option in ("--bump", "--matrix=update.yaml"):
        both = moves(template, fleet, at_the_new_address, option)
        assert both.returncode == 2
        assert "give neither --bump nor --matrix" in both.stderr
    assert template.git("branch", "--list", folder=fleet / "frontend") == "* main"


def test_what_somebody_has_gone_on_with_is_not_replaced(
    template: Repository, fleet: Path, at_the_new_address: Path
) -> None:
    assert invoke(template, "fleet.update", fleet).returncode == 0
    service = Service(fleet / "users-backend", template, NOT_INSTALLED)
    service.git("switch", "--quiet", BRANCH)
    edit(service.path / "README.md", "## Change it", "## Ours")
    service.commits()
    service.git("switch", "--quiet", "main")
    done = moves(template, fleet, at_the_new_address)
    assert done.returncode == 1
    assert "Somebody else has committed to the branch template/v1.2.0" in done.stdout
    assert recorded(template, service.path) == (ADDRESS, "v1.2.0")
