"""`./bootstrap` installs a service on a machine that has Python and nothing else."""

import sys
from pathlib import Path

import pytest

from tasks.render import example, render
from tests.full.programs import Finished, run

SECONDS = 300


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A service that has just been rendered, in a folder with a space in its name."""
    return render(tmp_path_factory.mktemp("a folder"), example("thoughts-backend"))


def bootstrap(service: Path, python: str = sys.executable) -> Finished:
    """Run it where there is no Poetry."""
    environment = {"PATH": "/usr/bin:/bin", "PYTHON": python}
    return run([service / "bootstrap"], service.parent, environment, seconds=SECONDS)


@pytest.mark.parametrize("python", ["no-such-python", "/bin/false"])
def test_an_interpreter_that_will_not_do_is_named(service: Path, python: str) -> None:
    done = bootstrap(service, python)
    assert done.returncode == 1
    assert done.stderr.startswith(f"bootstrap: {python} is no Python from 3.11 to 3.14.")
    assert not (service / ".venv").exists()


def test_it_needs_no_poetry_and_no_second_time(service: Path) -> None:
    first, second = bootstrap(service), bootstrap(service)
    assert first.returncode == 0, first.stderr
    assert "making .venv" in first.stderr
    assert (second.returncode, second.stderr) == (0, "")
    assert installed_works(service)


def test_it_installs_anew_where_the_folder_has_been_moved(service: Path) -> None:
    """The programs of a virtual environment name its folder."""
    assert installed_works(service)
    moved = service.rename(service.with_name("elsewhere"))
    done = bootstrap(moved)
    assert done.returncode == 0, done.stderr
    assert installed_works(moved)


def installed_works(service: Path) -> bool:
    """Whether the service's tasks can be called."""
    return "db.migrate" in run([service / ".venv" / "bin" / "acme-tasks", "--list"], service).stdout
