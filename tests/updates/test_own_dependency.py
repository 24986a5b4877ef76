"""A service with a dependency of its own is locked anew, installed, checked and tested."""

import os
import subprocess
from pathlib import Path

from tasks.engine import engine
from tasks.folders import PROGRAMS
from tasks.wheels import version
from tests.updates.history import edit, versions_of
from tests.updates.services import Service

OWN = "humanize==4.13.0"


def test_the_lock_has_both_halves_and_the_tests_pass(resource: Service) -> None:
    edit(resource.path / "pyproject.toml", '    "flask",\n', f'    "flask",\n    "{OWN}",\n')
    lock: list[str | Path] = [PROGRAMS / "poetry", "lock", "--no-interaction"]
    variables = os.environ | engine("lock_file").index(PROGRAMS)
    subprocess.run(lock, cwd=resource.path, env=variables, check=True)
    resource.commits()
    before = versions_of((resource.path / "poetry.lock").read_text("utf-8"))
    assert (before["humanize"], before["pytest-xdist"]) == ("4.13.0", "3.7.0")

    done = resource.tasks("template.update", "--no-input")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All checks passed." in done.stdout
    assert " passed" in done.stdout
    after = versions_of((resource.path / "poetry.lock").read_text("utf-8"))
    brought = {"flask-chassis": version(), "flask-chassis-tools": version()}
    assert after == before | brought | {"pytest-xdist": "3.8.0"}
    check: list[str | Path] = [PROGRAMS / "poetry", "check", "--lock", "--no-interaction"]
    subprocess.run(check, cwd=resource.path, check=True)


def test_a_test_that_fails_is_told_and_fails_the_update(resource: Service) -> None:
    """The files are changed all the same, for the developer to mend them."""
    test = resource.path / "tests" / "notes" / "test_notes.py"
    test.write_text(test.read_text("utf-8").replace('"hello"', '"planted"'), "utf-8")
    resource.commits()
    done = resource.tasks("template.update", "--no-input")
    assert done.returncode == 1
    assert "Left to mend: tests failed." in done.stdout
    assert "M  README.md" in resource.changed()
