"""Services that are rendered at an old release, live, and are updated."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.folders import PROGRAMS
from tests.full.programs import Finished, run, with_the_tools
from tests.services import InstalledService
from tests.updates.history import ADDRESS, Repository

SECONDS = 400


@dataclass(frozen=True)
class Service:
    """A service with a repository of its own."""

    path: Path
    template: Repository
    installed: InstalledService
    """One of the same kind, whose environment this one borrows."""

    def git(self, *words: str) -> str:
        """Run git in it."""
        return self.template.git(*words, folder=self.path)

    def commits(self) -> None:
        """Commit all there is."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message=Change")

    def cruft(self, *words: str) -> Finished:
        """Run cruft in it."""
        return run([PROGRAMS / "cruft", *words], self.path, self.template.variables)

    @property
    def command(self) -> Path:
        """Its command, as its developers have it."""
        [found] = [path for path in self.installed.bin.glob("*-tasks") if path.is_file()]
        return found

    @property
    def variables(self) -> dict[str, str]:
        """What its command is run with."""
        path = f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"
        return {"PYTHONPATH": str(self.path), "PATH": path} | self.template.variables

    def tasks(self, *words: str, **variables: str) -> Finished:
        """Run its own tasks, as its developers do."""
        environment = self.variables | variables
        return run([self.command, *words], self.path, environment, seconds=SECONDS)

    def changed(self) -> list[str]:
        """Return what git says of the files."""
        return self.git("status", "--porcelain", "--untracked-files=all").splitlines()

    def record(self) -> dict[str, Any]:
        """Return cruft's record."""
        found: dict[str, Any] = json.loads((self.path / ".cruft.json").read_text("utf-8"))
        return found


def create(
    template: Repository,
    into: Path,
    tag: str,
    answers: Mapping[str, str],
    installed: InstalledService,
) -> Service:
    """Create a service with cruft from the public address, and commit it as it was rendered."""
    into.mkdir(parents=True, exist_ok=True)
    words = ["cruft", "create", ADDRESS, "--checkout", tag, "--no-input", "--default-config"]
    done = run(
        [PROGRAMS / words[0], *words[1:], "--extra-context", json.dumps(dict(answers))],
        into,
        template.variables,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    [path] = [found.parent for found in into.glob("*/pyproject.toml")]
    (path / ".venv").symlink_to(installed.path / ".venv")
    template.git("init", "--quiet", "--initial-branch=main", folder=path)
    # A link to a folder is none, for the service's own .gitignore.
    (path / ".git" / "info" / "exclude").write_text(".venv\n")
    service = Service(path, template, installed)
    service.commits()
    return service


def clone(service: Service, into: Path, *options: str) -> Service:
    """Clone a service, as CI does."""
    words = ["git", "clone", "--quiet", *options, f"file://{service.path}", str(into)]
    subprocess.run(words, check=True)
    (into / ".venv").symlink_to(service.installed.path / ".venv")
    (into / ".git" / "info" / "exclude").write_text(".venv\n")
    return Service(into, service.template, service.installed)


def contents(folder: Path, without: tuple[str, ...] = ()) -> dict[str, bytes]:
    """Return the files of a service."""
    skipped = {".git", ".venv", ".mypy_cache", ".ruff_cache", ".pytest_cache", "__pycache__"}
    return {
        name: path.read_bytes()
        for path in sorted(folder.rglob("*"))
        for name in [path.relative_to(folder).as_posix()]
        if path.is_file() and not skipped & set(path.parts) and name not in without
    }


def copy(service: Service, into: Path) -> Service:
    """Copy a service with its repository."""
    shutil.copytree(service.path, into, symlinks=True)
    return Service(into, service.template, service.installed)


def adopt_from_the_template(service: Service, *words: str) -> Finished:
    """Adopt a service that has none of the tasks yet, from the template's repository."""
    template = service.template
    if not (template.folder / ".venv").exists():
        (template.folder / ".git" / "info" / "exclude").write_text(".venv\n")
        with_the_tools(template.folder)
    task: list[str | Path] = [
        PROGRAMS / "invoke",
        "fleet.adopt",
        f"--service={service.path}",
        *words,
    ]
    return run(
        [*task, f"--template={ADDRESS}"], template.folder, template.variables, seconds=SECONDS
    )
