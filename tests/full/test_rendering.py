"""Cookiecutter and cruft render the same service, and cruft keeps it up to date."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from tasks.folders import PROGRAMS, ROOT
from tasks.render import example, render
from tests.full.programs import (
    Finished,
    copy_of_the_repository,
    run,
    succeeds,
    with_the_tools,
)

ANSWERS = example("thoughts-backend") | {
    "description": 'A "quoted" {text} of 100 %',
    "port": "9000",
}
SLUG = "thoughts-backend"
WHEEL = "vendor/flask_chassis-0.1.0-py3-none-any.whl"

QUESTIONS: dict[str, Any] = json.loads((ROOT / "cookiecutter.json").read_text("utf-8"))

WHO = "Somebody"
GIT = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_AUTHOR_NAME": WHO,
    "GIT_AUTHOR_EMAIL": "somebody@acme.example",
    "GIT_COMMITTER_NAME": WHO,
    "GIT_COMMITTER_EMAIL": "somebody@acme.example",
}


@dataclass(frozen=True)
class User:
    """Somebody with a home folder, who renders into it."""

    home: Path

    def run(self, *words: str, typed: str = "", folder: Path | None = None) -> Finished:
        """Run a program of this repository's .venv."""
        program, *arguments = words
        variables = GIT | {"HOME": str(self.home)}
        return run([PROGRAMS / program, *arguments], folder or self.home, variables, typed=typed)

    def renders(
        self,
        tool: str,
        template: str,
        *options: str,
        answers: Mapping[str, str] | None = None,
        typed: str = "",
    ) -> Path:
        """Render with a tool that must succeed, and return the service's folder."""
        done = self.tries(tool, template, *options, answers=answers or {}, typed=typed)
        assert done.returncode == 0, done.stdout + done.stderr
        [service] = [path.parent for path in self.home.glob("*/pyproject.toml")]
        return service

    def tries(
        self,
        tool: str,
        template: str,
        *options: str,
        answers: Mapping[str, str],
        typed: str = "",
    ) -> Finished:
        """Render with a tool that may fail."""
        if tool == "cruft":
            words = ["cruft", "create", template, "--extra-context", json.dumps(answers), *options]
        else:
            given = [f"{question}={answer}" for question, answer in answers.items()]
            words = ["cookiecutter", template, *options, *given]
        return self.run(*words, typed=typed)

    def git(self, folder: Path, *words: str) -> str:
        """Run git in a folder."""
        variables = GIT | {"HOME": str(self.home)}
        return succeeds(["git", "-c", "core.autocrlf=false", *words], folder, variables)

    def commits(self, folder: Path) -> str:
        """Commit all there is in a folder, and return the commit."""
        self.git(folder, "init", "--quiet", "--initial-branch=main")
        self.git(folder, "add", "--all")
        self.git(folder, "commit", "--quiet", "--message=Change")
        return self.git(folder, "rev-parse", "HEAD").strip()


@pytest.fixture
def user(tmp_path: Path) -> User:
    """Somebody who has no configuration."""
    home = tmp_path / "home"
    home.mkdir()
    return User(home)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Commit this repository as it stands; the tests only read it."""
    return committed_template(tmp_path_factory.mktemp("template"))


def committed_template(folder: Path) -> Path:
    """Commit a copy of this repository as it stands; `.git` tells Cookiecutter what it is."""
    repository = copy_of_the_repository(folder / "template.git")
    User(folder).commits(repository)
    return repository


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, bytes]]:
    """What the answers give."""
    return contents(render(tmp_path_factory.mktemp("expected"), ANSWERS))


def contents(service: Path) -> dict[str, tuple[int, bytes]]:
    """Return each file's mode and bytes, but for cruft's record."""
    return {
        name: (path.stat().st_mode, path.read_bytes())
        for path in service.rglob("*")
        for name in [str(path.relative_to(service))]
        if path.is_file() and name != ".cruft.json"
    }


def record(service: Path) -> dict[str, Any]:
    """Return what cruft has written down."""
    written: dict[str, Any] = json.loads((service / ".cruft.json").read_text("utf-8"))
    return written


TOOLS = pytest.mark.parametrize("tool", ["cookiecutter", "cruft"])
PLACES = pytest.mark.parametrize("place", ["{}", "file://{}"], ids=["a folder", "a git address"])


@TOOLS
@PLACES
def test_both_tools_render_the_same_from_everywhere(
    user: User, template: Path, expected: dict[str, tuple[int, bytes]], tool: str, place: str
) -> None:
    address = place.format(template)
    service = user.renders(tool, address, "--no-input", "--default-config", answers=ANSWERS)
    assert contents(service) == expected


def test_cookiecutter_renders_from_a_folder_that_git_does_not_know(
    user: User, expected: dict[str, tuple[int, bytes]], tmp_path: Path
) -> None:
    copy = copy_of_the_repository(tmp_path / "copy")
    assert contents(user.renders("cookiecutter", str(copy), "--no-input", answers=ANSWERS)) == (
        expected
    )


@TOOLS
def test_with_nothing_given_there_is_a_service_with_every_default(
    user: User, template: Path, tool: str, tmp_path: Path
) -> None:
    service = user.renders(tool, str(template), "--no-input")
    assert contents(service) == contents(render(tmp_path / "plain", {}))


@TOOLS
def test_the_answers_can_be_typed(user: User, template: Path, tool: str, tmp_path: Path) -> None:
    typed = {"project_name": "Blog", "organisation": "umbrella", "resource_name": "blog_post"}
    lines = [typed.get(question, "") for question in QUESTIONS if not question.startswith("_")]
    service = user.renders(tool, str(template), typed="".join(f"{line}\n" for line in lines))
    assert service.name == "blog"
    assert contents(service) == contents(render(tmp_path / "plain", typed))


@TOOLS
def test_a_configuration_of_ones_own_gives_the_defaults(
    user: User, template: Path, tool: str, tmp_path: Path
) -> None:
    config = tmp_path / "config.yaml"
    config.write_text('default_context: {organisation: umbrella, port: "9000"}\n', "utf-8")
    service = user.renders(tool, str(template), "--no-input", "--config-file", str(config))
    answers = {"organisation": "umbrella", "port": "9000"}
    assert contents(service) == contents(render(tmp_path / "plain", answers))


@TOOLS
@PLACES
def test_bad_answers_leave_nothing_behind(
    user: User, template: Path, tool: str, place: str
) -> None:
    answers = {"port": "80", "email": "nobody"}
    done = user.tries(tool, place.format(template), "--no-input", answers=answers)
    assert done.returncode != 0
    said = done.stdout + done.stderr
    assert re.search(r"^port: '80' will not do", said, re.MULTILINE), said
    assert re.search(r"^email: 'nobody' will not do", said, re.MULTILINE), said
    assert [path.name for path in user.home.iterdir() if not path.name.startswith(".")] == []


def test_cruft_records_the_answers_and_where_they_were_given(user: User, template: Path) -> None:
    service = user.renders("cruft", f"file://{template}", "--no-input", answers=ANSWERS)
    written = record(service)
    assert written["template"] == str(template)  # cruft shortens the address of a local one
    assert written["commit"] == user.git(template, "rev-parse", "HEAD").strip()
    questions = {question for question in QUESTIONS if not question.startswith("_")}
    recorded = written["context"]["cookiecutter"]
    assert questions <= recorded.keys()
    # A brace is recorded as the expression for a brace, as cruft renders what it recorded.
    assert recorded | ANSWERS | {"description": ""} == recorded | {"description": ""}


@pytest.fixture
def own_template(tmp_path: Path) -> Path:
    """Commit this repository as it stands, for a test that changes it."""
    return committed_template(tmp_path)


@pytest.fixture
def service(user: User, own_template: Path) -> Path:
    """A service that cruft rendered, committed as it was."""
    made = user.renders("cruft", f"file://{own_template}", "--no-input", answers=ANSWERS)
    user.commits(made)
    return made


def update(user: User, service: Path) -> None:
    done = user.run("cruft", "update", "--skip-apply-ask", folder=service)
    assert done.returncode == 0, done.stdout + done.stderr


def changed(user: User, service: Path) -> list[str]:
    """Return the files that are not as they were committed, new ones among them."""
    lines = user.git(service, "status", "--porcelain", "--untracked-files=all").splitlines()
    return sorted(line[3:] for line in lines)


def sha256_of(path: Path) -> str:
    """Return the hash that a lock has of a file."""
    return f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"


def test_a_service_is_up_to_date_when_it_is_new(user: User, service: Path) -> None:
    for words in (["check"], ["diff", "--exit-code"]):
        done = user.run("cruft", *words, folder=service)
        assert done.returncode == 0, done.stdout + done.stderr
    update(user, service)
    assert changed(user, service) == []


def test_an_update_brings_the_templates_change_and_keeps_the_services_own(
    user: User, service: Path, own_template: Path
) -> None:
    domain = service / "thoughts_backend" / "domain.py"
    domain.write_text(f"{domain.read_text('utf-8')}\nOWN = True\n", "utf-8")
    readme = service / "README.md"
    readme.write_text(f"{readme.read_text('utf-8')}\nOur own words.\n", "utf-8")
    user.commits(service)

    health = own_template / "chassis/src/flask_chassis/observability/health.py"
    health.write_text(f"{health.read_text('utf-8')}\nBETTER = True\n", "utf-8")
    editorconfig = own_template / "{{cookiecutter.project_slug}}/.editorconfig"
    editorconfig.write_text(f"{editorconfig.read_text('utf-8')}# Better.\n", "utf-8")
    with_the_tools(own_template)
    succeeds(["./invoke", "wheels"], own_template)
    commit = user.commits(own_template)

    assert user.run("cruft", "check", folder=service).returncode == 1
    update(user, service)
    by_template = [".cruft.json", ".editorconfig", ".template-files.sha256", "poetry.lock", WHEEL]
    assert changed(user, service) == by_template
    with ZipFile(service / WHEEL) as wheel:
        module = wheel.read("flask_chassis/observability/health.py").decode()
    assert module.endswith("\nBETTER = True\n")
    assert sha256_of(service / WHEEL) in (service / "poetry.lock").read_text("utf-8")
    assert (service / ".editorconfig").read_text("utf-8").endswith("# Better.\n")
    assert domain.read_text("utf-8").endswith("\nOWN = True\n")
    assert readme.read_text("utf-8").endswith("\nOur own words.\n")
    assert record(service)["commit"] == commit
    assert user.run("cruft", "check", folder=service).returncode == 0


def test_an_update_merges_where_both_changed_one_file(
    user: User, service: Path, own_template: Path
) -> None:
    """Far apart, in a file that both own."""
    readme = service / "README.md"
    readme.write_text(f"{readme.read_text('utf-8')}\nOur own words.\n", "utf-8")
    user.commits(service)
    source = own_template / "templates" / "README.md"
    source.write_text(source.read_text("utf-8").replace("## Run it", "## Run it now"), "utf-8")
    user.commits(own_template)

    update(user, service)
    merged = readme.read_text("utf-8")
    assert "## Run it now" in merged
    assert merged.endswith("\nOur own words.\n")
    assert not list(service.rglob("*.rej"))


def test_an_answer_can_be_changed_by_an_update(user: User, service: Path) -> None:
    words = ["--skip-apply-ask", "--variables-to-update", json.dumps({"port": "9001"})]
    done = user.run("cruft", "update", *words, folder=service)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "FLASK_RUN_PORT=9001" in (service / ".flaskenv").read_text("utf-8")
    assert not list(service.rglob("*.rej"))
