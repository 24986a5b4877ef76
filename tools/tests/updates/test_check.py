"""Test what `template.update --check` says and exits with, and that it only reads."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask_chassis import project
from flask_chassis.project import Project

from flask_chassis_tools import environments
from flask_chassis_tools.updates import exclusive, git, record, updating

from ..conftest import Run
from .made_up import Template, commit, recorded, state, write

CHECK = ("template.update", "--check", "--json")


@pytest.fixture
def template(tmp_path: Path) -> Template:
    """A template with two releases."""
    made = Template.begun(tmp_path / "template")
    made.releases("v1.0.0", {})
    made.releases("v1.1.0", {"new.txt": "new\n"})
    return made


@pytest.fixture
def blog(
    template: Template, checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The current service, rendered at the first release, with what updates need installed."""
    made = template.service(tmp_path / "service", "v1.0.0")
    monkeypatch.setattr(project, "_current", Project("blog", made / "blog"))
    monkeypatch.setattr(environments, "install", lambda *_: Path(sys.prefix))
    assert checkout.is_dir()
    return made


@pytest.fixture
def checked(run: Run, template: Template, blog: Path) -> Callable[..., tuple[int, Any]]:
    """Run the check: return its exit code, and what its output is as JSON."""

    def check(*words: str) -> tuple[int, Any]:
        before = state(blog)
        is_elsewhere = any(word.startswith("--template=") for word in words)
        where = [] if is_elsewhere else [f"--template={template.folder}"]
        done = run(*CHECK, *where, *words)
        assert state(blog) == before
        assert not (blog / ".git" / exclusive.FILE).exists()
        return done.code, json.loads(done.out)

    return check


Checked = Callable[..., tuple[int, Any]]


def test_an_update_that_is_due_is_1(checked: Checked) -> None:
    code, told = checked()
    assert (code, told["due"], told["to"]) == (1, True, "v1.1.0")
    assert told["touched"] == [".cruft.json", "new.txt"]


def test_none_is_0_and_why(checked: Checked) -> None:
    reason = "The service is up to date: v1.0.0."
    assert checked("--to=v1.0.0") == (0, {"due": False, "left_out": [], "reason": reason})


def test_neither_a_clean_tree_nor_the_lock_is_needed(checked: Checked, blog: Path) -> None:
    """A developer looks while they work, and while an update runs."""
    (blog / "README.md").write_text("# Ours\n")
    (blog / "mine.txt").write_text("in no commit")
    assert checked()[0] == 1
    (blog / ".git" / "template-update.json").write_text("an update was killed")
    assert checked()[0] == 1


def test_a_check_does_not_wait_for_an_update(run: Run, template: Template, blog: Path) -> None:
    with exclusive.held(blog, "template.update"):
        done = run(*CHECK, f"--template={template.folder}")
    assert (done.code, json.loads(done.out)["due"]) == (1, True)


def test_an_update_waits_for_no_other_and_says_whose_it_is(
    run: Run, template: Template, blog: Path
) -> None:
    for task in ("template.update", "template.adopt"):
        before = state(blog)
        with exclusive.held(blog, "fleet.update"):
            done = run(task, f"--template={template.folder}")
        assert done.code == 1
        assert done.error.startswith(f"Another task works on {blog}: fleet.update, process ")
        assert state(blog) == before
    words = ("template.update", f"--template={template.folder}", "--no-tests", "--no-input")
    assert run(*words).code == 0
    assert recorded(blog) == git.ask(template.folder, "rev-parse", "v1.1.0")


@pytest.mark.parametrize("branch", ["a..b", "-x", "ends.lock", "@{-1}", "two words"])
@pytest.mark.parametrize("task", ["template.update", "template.bump"])
def test_a_name_that_no_branch_can_have_is_refused_before_anything_is_done(
    run: Run, template: Template, blog: Path, task: str, branch: str
) -> None:
    (blog / "mine.txt").write_text("mine")  # would be refused next
    refused = run(task, f"--template={template.folder}", f"--branch={branch}")
    assert refused.code == 1
    assert f"--branch={branch} is not a name that git allows for a branch." in refused.error


def unreadable(service: Path) -> None:
    """Have a record that cannot be read."""
    write(service, {record.FILE: "{"})
    commit(service)


def no_record(service: Path) -> None:
    """Have no record."""
    (service / record.FILE).unlink()
    commit(service)


def no_commit(service: Path) -> None:
    """Have no commit."""
    git.ask(service, "update-ref", "-d", "HEAD")


@pytest.mark.parametrize(
    ("break_it", "words", "told"),
    [
        (unreadable, (), ".cruft.json cannot be read"),
        (no_record, (), "The service has no .cruft.json"),
        (no_commit, (), "The service has no commit yet"),
        (None, ("--to=v9.9.9",), "v9.9.9 is not a release of"),
        (None, ("--template=/nowhere",), "Cloning the template from /nowhere failed"),
        (None, ("--answer=ada",), "--answer=ada must have the form name=value."),
    ],
)
def test_what_cannot_be_told_is_2_with_the_reason(
    checked: Checked,
    blog: Path,
    break_it: Callable[[Path], None] | None,
    words: tuple[str, ...],
    told: str,
) -> None:
    if break_it:
        break_it(blog)
    code, found = checked(*words)
    assert (code, found["due"]) == (2, None)
    assert told in found["error"]


def test_so_is_what_nobody_has_expected(
    run: Run, blog: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The code of a traceback would say that an update is due."""

    def fails(*_: object) -> None:
        raise RuntimeError("https://ada:planted@git.acme.example/t.git")

    monkeypatch.setattr(updating, "due", fails)
    done = run(*CHECK)
    assert done.code == 2
    error = "RuntimeError: https://git.acme.example/t.git"
    assert json.loads(done.out) == {"due": None, "error": error}
    assert "Traceback" in done.error
    assert "planted" not in done.error
    done = run("template.update", "--check")
    assert (done.code, done.out) == (2, "")
    assert error in done.error


def test_a_folder_that_is_no_checkout_is_2(
    run: Run, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert checkout.is_dir()
    done = run(*CHECK)
    assert (done.code, json.loads(done.out)["due"]) == (2, None)
    (checkout / "pyproject.toml").unlink()
    done = run("template.update", "--check")
    assert (done.code, done.error.startswith("Not a checkout of the service")) == (2, True)
