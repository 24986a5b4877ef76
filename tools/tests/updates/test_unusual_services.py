"""Test updates of services that moved, that lock with another program, or that look back."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from flask_chassis_tools.updates import git, left_out, ownership, record, updating
from flask_chassis_tools.updates.faults import UpdateError

from .made_up import PYPROJECT, Template, commit, lock, recorded

MOVED = "https://new.acme.example/flask.git"


@pytest.fixture
def template(tmp_path: Path) -> Template:
    """A template with three releases, each with another text and another lock."""
    made = Template.begun(tmp_path / "template")
    for number in range(3):
        text, locked = f"line {number}\n", lock(flask=f"3.1.{number}")
        made.releases(f"v1.{number}.0", {"app.txt": text, "poetry.lock": locked})
    return made


def test_an_older_release_is_refused_if_it_is_named(template: Template, tmp_path: Path) -> None:
    service = template.service(tmp_path / "service", "v1.2.0")
    message = r"newer than v1\.1\.0: it was rendered from v1\.2\.0\. An update does not go back"
    for look in (
        lambda wish: updating.update(wish, verify=False),
        lambda wish: updating.check(wish, as_json=True),
    ):
        with pytest.raises(UpdateError, match=message):
            look(template.wish(service, "v1.1.0"))
    assert updating.update(template.wish(service, "v1.2.0"), verify=False) == 0
    assert git.names(service, "status", "--porcelain", "-z") == []


def test_a_new_address_is_recorded_also_if_nothing_is_due(
    template: Template, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "COUNT": "1",
        "KEY_0": f"url.{template.folder}.insteadOf",
        "VALUE_0": MOVED,
    }.items():
        monkeypatch.setenv(f"GIT_CONFIG_{name}", value)
    service = template.service(tmp_path / "service", "v1.2.0")
    wish = replace(template.wish(service), template=MOVED)
    assert updating.check(wish, as_json=False) == 1
    assert updating.update(wish, verify=False) == 0
    assert git.names(service, "diff", "--cached", "--name-only", "-z") == [record.FILE]
    assert record.read((service / record.FILE).read_bytes()).template == MOVED
    commit(service)
    assert updating.check(wish, as_json=False) == 0


def test_a_service_without_poetry_lock_gets_none(
    template: Template, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It locks with uv, for instance. One that has a lock gets the release's."""
    service = template.service(tmp_path / "service", "v1.0.0")
    git.ask(service, "rm", "--quiet", "poetry.lock")
    (service / "uv.lock").write_text("version = 1\n")
    commit(service)
    assert updating.update(template.wish(service), verify=False) == 0
    assert not (service / "poetry.lock").exists()
    assert (service / "uv.lock").read_text() == "version = 1\n"
    assert "The service has no poetry.lock" in capsys.readouterr().out
    commit(service)
    assert updating.check(template.wish(service), as_json=False) == 0

    other = template.service(tmp_path / "other", "v1.0.0")
    assert updating.update(template.wish(other), verify=False) == 0
    assert (other / "poetry.lock").read_text() == lock(flask="3.1.2")


def test_what_a_service_lacks_is_told_if_nothing_is_due(
    template: Template, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    service = template.service(tmp_path / "service", "v1.0.0")
    git.ask(service, "rm", "--quiet", "app.txt")
    commit(service)
    assert updating.update(template.wish(service), verify=False) == 1
    commit(service)
    capsys.readouterr()
    assert updating.check(template.wish(service), as_json=False) == 1
    assert "Left to mend: app.txt was deleted here" in capsys.readouterr().out
    assert updating.check(template.wish(service), as_json=True) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["due"], told["left_out"]) == (False, ["app.txt"])
    assert left_out.in_last_commit(service) == {"app.txt": "v1.2.0"}
    assert recorded(service) == git.ask(template.folder, "rev-parse", "v1.2.0")


def test_a_file_that_is_taken_off_the_list_gets_what_was_skipped(
    template: Template, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also if no release came since. What both have changed is a conflict, and is said once."""
    service = template.service(tmp_path / "service", "v1.0.0")
    lists = service / ownership.FILE
    before = lists.read_text()
    lists.write_text(before.replace('"own/**"', '"own/**", "app.txt"'))
    (service / "app.txt").write_text("ours\n")
    commit(service)
    assert updating.update(template.wish(service), verify=False) == 0
    assert "so not changed; changed in the template: app.txt" in capsys.readouterr().out
    commit(service)
    written = json.loads((service / record.FILE).read_text())
    assert (written["skipped"], "left_out" in written) == ({"app.txt": "v1.2.0"}, False)
    assert updating.check(template.wish(service), as_json=False) == 0
    with pytest.raises(UpdateError, match=r"app\.txt is listed under seeded in .* Take it off"):
        updating.update(replace(template.wish(service), restore=["app.txt"]), verify=False)

    lists.write_text(before)
    commit(service)
    assert left_out.in_last_commit(service) == {"app.txt": "v1.2.0"}
    assert updating.check(template.wish(service), as_json=False) == 1
    assert updating.update(template.wish(service), verify=False) == 1
    assert "ours\n" in (service / "app.txt").read_text()
    assert "line 2\n" in (service / "app.txt").read_text()
    commit(service)
    assert "skipped" not in json.loads((service / record.FILE).read_text())
    assert updating.check(template.wish(service), as_json=False) == 0


def test_what_the_template_renders_once_cannot_be_restored(
    template: Template, tmp_path: Path
) -> None:
    template.releases("v1.3.0", {"own/example.txt": "an example\n"})
    service = template.service(tmp_path / "service", "v1.3.0")
    git.ask(service, "rm", "--quiet", "own/example.txt")
    commit(service)
    wish = replace(template.wish(service), restore=["own/example.txt"])
    with pytest.raises(UpdateError, match=r"is the service's own: the template renders it once"):
        updating.update(wish, verify=False)


def test_a_service_without_poetry_lock_is_checked_and_tested(
    template: Template, tmp_path: Path
) -> None:
    """In its own environment, as no file changes that its dependencies are in."""
    service = template.service(tmp_path / "service", "v1.0.0")
    git.ask(service, "rm", "--quiet", "poetry.lock")
    (service / "pyproject.toml").write_text(f'{PYPROJECT}[project.scripts]\nblog-tasks = "x"\n')
    (service / ".gitignore").write_text(".venv\n")
    commit(service)
    program = service / ".venv" / "bin" / "blog-tasks"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\necho "$1" >>{tmp_path}/called\n')
    program.chmod(0o755)
    (service / ".venv" / "made-for").touch()
    assert updating.update(template.wish(service), verify=True) == 0
    assert (tmp_path / "called").read_text() == "check\ntests\n"
    assert (service / "app.txt").read_text() == "line 2\n"


def test_a_name_that_is_no_utf_8_hinders_no_update(template: Template, tmp_path: Path) -> None:
    service = template.service(tmp_path / "service", "v1.0.0")
    (service / os.fsdecode(b"lat\xe9.txt")).write_text("ours\n")
    git.ask(service, "rm", "--quiet", "app.txt")
    commit(service)
    assert updating.update(template.wish(service), verify=False) == 1
    assert (service / os.fsdecode(b"lat\xe9.txt")).read_text() == "ours\n"
