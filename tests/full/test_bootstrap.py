"""`./bootstrap` installs a service on a machine that has Python and nothing else."""

import os
import re
import sys
from pathlib import Path

import pytest

from tasks.folders import PROGRAMS
from tasks.render import example, render
from tests.full.programs import Finished, run

SECONDS = 300


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A service that has just been rendered, in a folder with a space in its name."""
    return render(tmp_path_factory.mktemp("a folder"), example("thoughts-backend"))


def bootstrap(
    service: Path, python: str = sys.executable, programs: tuple[Path, ...] = ()
) -> Finished:
    """Run it where there is no Poetry and no uv, or with the programs of some folders."""
    path = os.pathsep.join([*map(str, programs), "/usr/bin", "/bin"])
    environment = {"PATH": path, "PYTHON": python}
    return run([service / "bootstrap"], service.parent, environment, seconds=SECONDS)


@pytest.mark.parametrize("python", ["no-such-python", "/bin/false"])
def test_an_interpreter_that_will_not_do_is_named(service: Path, python: str) -> None:
    done = bootstrap(service, python)
    assert done.returncode == 1
    assert done.stderr.startswith(f"bootstrap: {python} is no Python from 3.11 to 3.14.")
    assert not (service / ".venv").exists()


def test_it_needs_no_poetry_no_uv_and_no_second_time(service: Path) -> None:
    first, second = bootstrap(service), bootstrap(service)
    assert first.returncode == 0, first.stderr
    assert "making .venv" in first.stderr
    assert (second.returncode, second.stderr) == (0, "")
    assert installed_works(service)
    assert installer(service) == "uv"


def test_it_installs_anew_where_the_folder_has_been_moved(service: Path) -> None:
    """The programs of a virtual environment name its folder."""
    assert installed_works(service)
    moved = service.rename(service.with_name("elsewhere"))
    done = bootstrap(moved)
    assert done.returncode == 0, done.stderr
    assert installed_works(moved)


def test_pip_installs_where_uv_fails(service: Path, tmp_path: Path) -> None:
    (tmp_path / "uv").write_text("#!/bin/sh\necho planted >&2\nexit 2\n")
    (tmp_path / "uv").chmod(0o755)
    again = render(tmp_path, example("thoughts-backend"))
    done = bootstrap(again, programs=(tmp_path, PROGRAMS))
    assert done.returncode == 0, done.stderr
    assert "planted\nbootstrap: uv failed, so pip installs\n" in done.stderr
    assert installed_works(again)
    assert installer(again) == "pip"


def test_neither_installs_other_bytes_than_those_that_are_locked(tmp_path: Path) -> None:
    service = render(tmp_path, example("thoughts-backend"))
    lock = service / "poetry.lock"
    text, count = re.subn(
        r'(\{file = "alembic-[^"]*", hash = "sha256:)\w+"', rf'\g<1>{"0" * 64}"', lock.read_text()
    )
    assert count
    lock.write_text(text)
    done = bootstrap(service, programs=(PROGRAMS,))
    assert done.returncode != 0
    said = done.stderr.index("bootstrap: uv failed, so pip installs")
    assert "Hash mismatch" in done.stderr[:said]
    assert "DO NOT MATCH THE HASHES" in done.stderr[said:]
    assert not (service / ".venv" / "made-for").exists()


def installer(service: Path) -> str:
    """Return what has installed a package."""
    [said] = service.glob(".venv/lib/*/site-packages/flask-*.dist-info/INSTALLER")
    return said.read_text().strip()


def installed_works(service: Path) -> bool:
    """Whether the service's tasks can be called."""
    return "db.migrate" in run([service / ".venv" / "bin" / "acme-tasks", "--list"], service).stdout
