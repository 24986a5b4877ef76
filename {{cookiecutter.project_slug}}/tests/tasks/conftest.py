"""The tasks, called as a user calls them: with the words of a command."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from {{ cookiecutter.package_name }}.chassis import project_files
from {{ cookiecutter.package_name }}.chassis.settings import ENVIRONMENT_VARIABLE
from {{ cookiecutter.package_name }}.tasks import program


@dataclass(frozen=True)
class Done:
    """What a command has done."""

    code: int
    out: str
    error: str


Run = Callable[..., Done]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process: `run("db.create", "--help")`."""

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
def production(monkeypatch: pytest.MonkeyPatch) -> str:
    """Have the variables name the production environment."""
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, "production.kubernetes")
    return "production.kubernetes"


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty checkout in the place of this one."""
    package = tmp_path / project_files.PACKAGE.name
    package.mkdir()
    monkeypatch.setattr(project_files, "PACKAGE", package)
    return tmp_path


@pytest.fixture
def repository(checkout: Path) -> Path:
    """The same as a repository of git with a commit, and the image's name in its pyproject.toml."""
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
