"""Fixtures: a rendered service, and its tasks, called with the words of a command line."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask_chassis import project, settings
from flask_chassis.project import Project
from flask_chassis.tasks import command
from invoke import Collection

from .services import rendered


@dataclass(frozen=True)
class Done:
    """The result of a command."""

    code: int
    out: str
    error: str


Run = Callable[..., Done]


@pytest.fixture(scope="session")
def services(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Callable[[str], Project]:
    """Render the services, each once for all processes of a test run."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "services"
    return lambda kind: rendered(kind, folder)


@pytest.fixture
def kind() -> str:
    """The kind of the service. Tests that depend on it are parametrized with `kind`."""
    return "resource"


@pytest.fixture
def service(
    kind: str, services: Callable[[str], Project], monkeypatch: pytest.MonkeyPatch
) -> Project:
    """A rendered service, made the current one."""
    made = services(kind)
    monkeypatch.setattr(project, "_current", made)
    monkeypatch.syspath_prepend(made.folder.parent)
    return made


@pytest.fixture
def namespace(service: Project) -> Collection:
    """The tasks of the service."""
    return command.namespace()


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], namespace: Collection) -> Run:
    """Run a command in this process: `run("image.push", "--tag=v1.0.0")`."""
    program = command.Tasks(namespace=namespace, version="planted")

    def runs(*words: str) -> Done:
        capfd.readouterr()
        code: object = 0
        try:
            program.run(["tasks", *words])
        except SystemExit as ended:
            code = ended.code or 0
            if isinstance(code, str):  # the interpreter would print it, and exit with 1
                print(code, file=sys.stderr)
                code = 1
        assert isinstance(code, int)
        captured = capfd.readouterr()
        return Done(code, captured.out, captured.err)

    return runs


@pytest.fixture
def production(service: Project, monkeypatch: pytest.MonkeyPatch) -> str:
    """Select the production environment."""
    monkeypatch.setenv(settings.environment_variable(), "production.kubernetes")
    return "production.kubernetes"


@pytest.fixture
def checkout(namespace: Collection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout without files that the tasks of the service work on instead of its own."""
    (tmp_path / "pyproject.toml").touch()
    empty = Project(project.package(), tmp_path / project.package())
    empty.folder.mkdir()
    monkeypatch.setattr(project, "_current", empty)
    return tmp_path


@pytest.fixture
def repository(checkout: Path) -> Path:
    """A checkout that is a git repository with a commit and the image's name."""
    (checkout / "pyproject.toml").write_text(
        '[project]\nauthors = [{ name = "Team", email = "team@acme.example" }]\n'
        '[tool.image]\nname = "registry.acme.example/planted"\n'
    )
    person = ("-c", "user.name=Ada", "-c", "user.email=ada@acme.example")
    for words in (
        ("init", "--quiet", "--initial-branch=main"),
        ("add", "--all"),
        (*person, "commit", "--quiet", "--message=first"),
    ):
        subprocess.run(["git", "-C", checkout, *words], check=True)
    return checkout
