"""What `template.update` does in trouble, elsewhere, and when it is asked for something else."""

import json
from pathlib import Path

from tasks.fleet import state as fleet_state
from tasks.fleet import updating as fleet_updating
from tests.updates.history import Repository, edit
from tests.updates.published import conflicts
from tests.updates.services import Service, clone, contents

UPDATE = ("template.update", "--no-tests", "--no-input")

OWN = "Owned by the service, so not changed; changed in the template: infra/scan-ignores.toml"


def test_a_check_tells_what_an_update_would_touch_and_touches_nothing(resource: Service) -> None:
    before = contents(resource.path)
    done = resource.tasks("template.update", "--check", "--json")
    assert done.returncode == 1, done.stderr
    told = json.loads(done.stdout)
    assert (told["from"], told["to"], told["conflicts"]) == ("v1.0.0", "v1.2.0", {})
    assert {"README.md", "docs/on-call.md", "poetry.lock"} < set(told["touched"])
    assert "thoughts_backend/domain.py" not in told["touched"]
    assert contents(resource.path) == before
    assert resource.changed() == []


def test_an_update_goes_to_the_tag_that_is_asked_for_and_to_no_other_commit(
    resource: Service,
) -> None:
    refused = resource.tasks(*UPDATE, "--to=main")
    assert refused.returncode == 1
    assert "main is not a release of" in refused.stderr
    assert "v1.1.0, v1.2.0" in refused.stderr
    assert resource.tasks(*UPDATE, "--to=1.1.0").returncode == 0
    assert resource.record()["checkout"] == "v1.1.0"
    assert not (resource.path / "docs" / "on-call.md").exists()


def test_a_new_question_takes_its_answer_from_an_option(resource: Service) -> None:
    """The update reports an edited file that it renames, and a change that it does not make."""
    own = resource.path / "infra" / "scan-ignores.toml"
    before = own.read_text("utf-8")
    done = resource.tasks(*UPDATE, "--answer=on_call=ada")
    assert done.returncode == 0, done.stderr
    assert (resource.path / "docs" / "on-call.md").read_text("utf-8") == "# On call\n\nada\n"
    told = "docs/contracts.md was edited here, and the template renamed it: now docs/changing-a-"
    assert told in done.stdout
    assert OWN in done.stdout
    assert "\n--- v1.0.0/" not in done.stdout
    assert own.read_text("utf-8") == before


def test_an_answer_that_will_not_do_changes_nothing(resource: Service) -> None:
    done = resource.tasks(*UPDATE, "--answer=port=80")
    assert done.returncode == 1
    assert "port: '80' will not do." in done.stderr
    assert "template.update --answer=name=value" in done.stderr
    assert resource.changed() == []


def test_a_fresh_clone_and_the_shallow_one_of_ci_can_be_updated(
    resource: Service, tmp_path: Path
) -> None:
    """They have nothing of the template."""
    for number, options in enumerate(([], ["--depth=1"])):
        cloned = clone(resource, tmp_path / f"clone-{number}", *options)
        done = cloned.tasks(*UPDATE)
        assert done.returncode == 0, done.stderr
        assert conflicts(cloned) == []
        assert "R  docs/contracts.md -> docs/changing-a-contract.md" in cloned.changed()


def test_a_deleted_file_that_was_edited_here_is_a_conflict(resource: Service) -> None:
    page = resource.path / "docs" / "how-it-was.md"
    page.write_text(f"{page.read_text('utf-8')}\nStill true for us.\n", "utf-8")
    resource.commits()
    done = resource.tasks(*UPDATE)
    assert done.returncode == 1
    assert "CONFLICT (modify/delete): docs/how-it-was.md" in done.stdout
    assert "Still true for us." in page.read_text("utf-8")
    assert conflicts(resource) == ["docs/how-it-was.md"]


def test_a_change_of_what_is_the_services_own_is_told_and_not_made(resource: Service) -> None:
    own = resource.path / "infra" / "scan-ignores.toml"
    before = own.read_text("utf-8")
    checked = resource.tasks("template.update", "--check", "--patch")
    assert OWN in checked.stdout
    shown = checked.stdout.partition("--- v1.0.0/infra/scan-ignores.toml\n")[2]
    assert "+++ v1.2.0/infra/scan-ignores.toml\n" in shown
    assert "\n-# a year. An expired" in shown
    assert "\n+# half a year at most. An expired" in shown
    facts = json.loads(resource.tasks("template.update", "--check", "--json").stdout)
    assert facts["own"] == {"infra/scan-ignores.toml": "changed"}

    assert own.read_text("utf-8") == before
    own.unlink()
    resource.commits()
    done = resource.tasks(*UPDATE)
    assert (done.returncode, OWN in done.stdout) == (0, False)
    assert not own.exists()


def test_a_file_that_was_deleted_here_stays_deleted_and_is_listed_until_it_is_settled(
    resource: Service,
) -> None:
    (resource.path / "docs" / "contracts.md").unlink()
    (resource.path / "CODEOWNERS").unlink()
    resource.commits()
    done = resource.tasks(*UPDATE)
    assert done.returncode == 1, done.stdout
    assert not (resource.path / "docs" / "changing-a-contract.md").exists()
    assert not (resource.path / "CODEOWNERS").exists()
    told = "Left to mend: CODEOWNERS was deleted here, and the template's changes are not applied."
    assert told in done.stdout
    assert resource.record()["left_out"] == {"CODEOWNERS": "v1.2.0"}
    resource.commits()
    again = resource.tasks(*UPDATE)
    assert again.returncode == 1
    assert "The service is up to date: v1.2.0.\nLeft to mend: CODEOWNERS" in again.stdout
    state = fleet_state.read(resource.path, fleet_state.Versions(resource.template.folder))
    assert state.left_out == {"CODEOWNERS": "v1.2.0"}

    back = resource.tasks(*UPDATE, "--restore=CODEOWNERS")
    assert back.returncode == 0, back.stdout + back.stderr
    assert "template-ownership.toml" in (resource.path / "CODEOWNERS").read_text("utf-8")
    assert "left_out" not in resource.record()
    resource.git("reset", "--quiet", "--hard")

    edit(resource.path / "template-ownership.toml", "seeded = [", 'seeded = [\n    "CODEOWNERS",')
    resource.commits()
    settled = resource.tasks(*UPDATE)
    assert (settled.returncode, settled.stdout) == (0, "The service is up to date: v1.2.0.\n")
    drift = resource.tasks("template.drift").stdout
    assert "CODEOWNERS" not in drift
    assert "edited: template-ownership.toml" not in drift


def test_a_package_that_was_renamed_here_gets_the_changes(
    resource: Service, tmp_path: Path
) -> None:
    before, after = "thoughts_backend", "journal"
    resource.git("mv", before, after)
    for path in resource.path.rglob("*"):
        if path.is_file() and path.suffix in {".py", ".toml", ".yaml"}:
            text = path.read_text("utf-8").replace(f"{before}.", f"{after}.")
            path.write_text(text.replace(f"{before}/", f"{after}/"), "utf-8")
    resource.commits()
    tmp_path.joinpath("shared").mkdir()
    template = resource.template.folder / ".git"
    done = fleet_updating.prepare(resource.path, template, "v1.2.0", tmp_path / "shared")
    assert (done.outcome, done.conflicts, done.left) == ("updated", {}, [])
    branch = "template/v1.2.0"
    said = resource.git("log", "-1", "--format=%b", branch)
    assert f"Note: The folder {before} is {after} here" in said
    assert f"template.update --answer=package_name={after}" in said
    assert "--answer=database_name=" not in said  # it has the same value
    files = resource.git("ls-tree", "-r", "--name-only", branch).splitlines()
    assert [name for name in files if name.startswith(f"{before}/")] == []
    assert f"{after}/leftover.py" not in files
    assert "OLDER" not in resource.git("show", f"{branch}:{after}/wsgi.py")
    listed = resource.git("show", f"{branch}:.template-files.sha256")
    assert f"  {after}/wsgi.py" in listed
    assert f"  {before}/" not in listed


def test_what_is_in_no_commit_is_not_put_at_risk(resource: Service) -> None:
    (resource.path / "mine.txt").write_text("mine")
    refused = resource.tasks(*UPDATE)
    assert refused.returncode == 1
    assert "There are uncommitted changes: mine.txt." in refused.stderr


def test_an_ignored_file_is_not_overwritten(resource: Service) -> None:
    mine = resource.path / "docs" / "on-call.md"
    mine.write_text("mine")
    (resource.path / ".git" / "info" / "exclude").write_text(".venv\ndocs/on-call.md\n")
    refused = resource.tasks(*UPDATE)
    assert refused.returncode == 1
    assert "files that already exist here and are ignored by git: docs/on-call.md" in refused.stderr
    assert mine.read_text() == "mine"
    assert resource.changed() == []


def test_a_service_whose_code_is_broken_can_be_updated(resource: Service) -> None:
    """Its own tasks cannot be loaded either."""
    [package] = [path.parent for path in resource.path.glob("*/wsgi.py")]
    for name in ("domain.py", "tasks.py"):
        edit(package / name, '"""\n\n', '"""\n\ndef (\n')
    resource.commits()
    done = resource.tasks(*UPDATE)
    assert done.returncode == 0, done.stderr
    assert "Cannot load tasks from thoughts_backend.tasks: SyntaxError" in done.stderr
    assert resource.record()["checkout"] == "v1.2.0"
    assert "\ndef (\n" in (package / "domain.py").read_text("utf-8")


def test_a_template_in_a_folder_of_one_machine_is_refused(
    resource: Service, template: Repository
) -> None:
    record = resource.path / ".cruft.json"
    edit(record, str(resource.record()["template"]), str(template.folder))
    resource.commits()
    refused = resource.tasks(*UPDATE)
    assert refused.returncode == 1
    assert ", a local folder." in refused.stderr
    assert "--template=https://..." in refused.stderr


def test_a_branch_gets_the_update_and_the_files_stay(resource: Service) -> None:
    before, head = contents(resource.path), resource.git("rev-parse", "HEAD")
    done = resource.tasks(*UPDATE, "--branch=template/v1.2.0")
    assert done.returncode == 0, done.stderr
    assert (contents(resource.path), resource.git("rev-parse", "HEAD")) == (before, head)
    assert resource.changed() == []
    assert resource.git("rev-parse", "template/v1.2.0^") == head
    message = resource.git("log", "-1", "--format=%B", "template/v1.2.0")
    assert message.startswith("Update to v1.2.0 of the template\n")
    assert "Action needed: say who is on call." in message


def test_a_lock_waits_for_a_pyproject_in_conflict(resource: Service) -> None:
    """It is none of two halves, and it is said what to do."""
    pyproject = resource.path / "pyproject.toml"
    lock = (resource.path / "poetry.lock").read_bytes()
    edit(pyproject, '"TRY"', '"TRY",\n    "OURS"')
    resource.commits()
    done = resource.tasks(*UPDATE)
    assert done.returncode == 1
    assert conflicts(resource) == ["pyproject.toml"]
    told = (
        "Left to mend: poetry.lock depends on pyproject.toml: resolve that, then run poetry lock."
    )
    assert told in done.stdout
    assert b"<<<<<<<" not in (resource.path / "poetry.lock").read_bytes()
    assert (resource.path / "poetry.lock").read_bytes() != lock
